"""Small ONNX files for tests."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason='pip install "lrkeras[onnx]"')
pytest.importorskip("onnxruntime", reason='pip install "lrkeras[onnx]"')
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT
RNG = np.random.default_rng(0)


def weights(*shape):
    return RNG.normal(size=shape).astype("float32")


def ints(*values):
    return np.array(values, "int64")


def saved(path, nodes, shape, constants, opset=17, kind=FLOAT):
    """A file of `(operator, inputs, attributes)` in a row, each of which gives the next its input.

    `shape` is that of the input `x`, or a dict of several inputs. Several outputs of a node, as
    many as the attribute `_outputs` says, are `y0`, `y0_1` and so on.
    """
    shapes = shape if isinstance(shape, dict) else {"x": shape}
    made, last = [], "x"
    for place, (op, inputs, attributes) in enumerate(nodes):
        names = [last if name == "_" else name for name in inputs]
        last = f"y{place}"
        outputs = [last, *(f"{last}_{i}" for i in range(1, attributes.get("_outputs", 1)))]
        given = {key: value for key, value in attributes.items() if key != "_outputs"}
        made.append(helper.make_node(op, names, outputs, name=f"n{place}", **given))
    graph = helper.make_graph(
        made,
        "graph",
        [helper.make_tensor_value_info(name, kind, s) for name, s in shapes.items()],
        [helper.make_tensor_value_info(last, FLOAT, None)],
        [onnx.numpy_helper.from_array(np.asarray(c), n) for n, c in constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.maker", 1)],
        ir_version=8,
    )
    onnx.save(model, path)
    return path
