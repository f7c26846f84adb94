"""Rows written into arrays, each compared with onnxruntime while it is loaded."""

import inspect

import keras
import numpy as np
import pytest
from onnx_files import ints, saved, weights

from lrkeras.importers.onnx import load_onnx


def grid(*lists):
    """Indices as PyTorch writes those of `x[:, 3:5] = y`: every entry by all its numbers."""
    return np.stack(np.meshgrid(*map(np.array, lists), indexing="ij"), -1).astype("int64")


def operations(model):
    return {type(operation).__name__ for operation in model.operations}


@pytest.mark.parametrize(
    ("data", "indices", "updates", "kind"),
    [
        ([1, 6, 4], grid([0], range(2, 4)), [1, 2, 4], "Concatenate"),
        ([1, 6, 4], grid([0], [0]), [1, 1, 4], "Concatenate"),
        pytest.param(
            *([1, 6], grid([0], range(6)), [1, 6], "Identity"),
            marks=pytest.mark.skipif(
                keras.__version__.startswith("3.12."),
                reason="Keras 3.12 refuses inputs that lead nowhere",
            ),
        ),
        ([1, 6, 4], grid([0], [4, 1], [0, 3]), [1, 2, 2], "Where"),
        (["N", 4], None, [1, 2, 4], "Where"),
    ],
)
def test_rows_by_constant_indices(data, indices, updates, kind, tmp_path):
    nodes = [("ScatterND", ["x", "i", "u"], {})]
    constants = {"i": indices}
    if indices is None:  # the batch behind what is counted, and numbers from the end
        nodes = [("Transpose", ["x"], {}), ("ScatterND", ["_", "i", "u"], {})]
        constants, updates = {"i": ints(-1, 1).reshape(2, 1)}, [2, "N"]
    path = saved(tmp_path / "m.onnx", nodes, {"x": data, "u": updates}, constants)
    model = load_onnx(path)
    assert model.inputs[0].shape[0] is None and kind in operations(model)


HAS_REDUCTION = "reduction" in inspect.signature(keras.ops.scatter_update).parameters


@pytest.mark.parametrize("is_computed", [False, True])
@pytest.mark.parametrize("reduction", ["none", "add", "mul", "min", "max"])
def test_rows_that_are_combined(reduction, is_computed, tmp_path):
    """Rows named twice, and indices that follow from a second input."""
    numbers = ints(2, 0, 0, 1, -1, 0) if reduction != "none" else ints(2, 0, 0, 1, 1, 0)
    counts = numbers.reshape(3, 2)
    nodes, inputs, constants = [], {"x": [3, 2, 4], "u": [3, 4]}, {"i": counts}
    if is_computed:  # the same indices, plus nothing that the builder knows of
        nodes = [("Floor", ["k"], {}), ("Mul", ["_", "zero"], {}), ("Add", ["_", "c"], {})]
        nodes.append(("Cast", ["_"], {"to": 7}))
        inputs["k"] = [3, 2]
        constants = {"zero": np.float32(0), "c": counts.astype("float32")}
    nodes.append(("ScatterND", ["x", "_" if is_computed else "i", "u"], {"reduction": reduction}))
    path = saved(tmp_path / "m.onnx", nodes, inputs, constants, opset=18)
    if is_computed and reduction != "none" and not HAS_REDUCTION:
        with pytest.raises(ValueError, match=r"needs Keras 3\.14 or newer"):
            load_onnx(path)
        return
    model = load_onnx(path)
    assert ("ScatterUpdate" in operations(model)) == is_computed


def test_into_numbers_of_the_file(tmp_path):
    """A buffer of constants, as `torch.zeros(...)[1] = x` makes it."""
    nodes = [("ScatterND", ["b", "i", "x"], {})]
    for shape in ([3, 4], [1, 4]):
        constants = {"b": weights(6, 4), "i": np.arange(shape[0])[:, None] + 1}
        load_onnx(saved(tmp_path / "m.onnx", nodes, shape, constants))


def test_caches_with_their_batch_inside_are_batch_first(tmp_path):
    """A step of a network as others export it: its caches go in and out as arrays of the file."""
    nodes = [
        ("Gather", ["s", "zero"], {"axis": 0}),
        ("Add", ["x", "_"], {}),
        ("ReduceMean", ["w"], {"axes": [0]}),
        ("Sub", ["y1", "_"], {}),
        ("MatMul", ["_", "m"], {}),
        ("Unsqueeze", ["_", "first"], {}),
        ("ScatterND", ["s", "i", "_"], {}),
    ]
    constants = {
        **{"zero": np.int64(0), "first": ints(0), "i": ints(1).reshape(1, 1), "m": weights(3, 3)}
    }
    inputs = {"x": [1, 3], "s": [2, 1, 3], "w": [4, 3]}
    model = load_onnx(saved(tmp_path / "m.onnx", nodes, inputs, constants))
    assert [t.shape for t in model.inputs] == [(1, 3), (1, 2, 3), (1, 4, 3)]
    assert model.outputs[0].shape == (1, 2, 3)
