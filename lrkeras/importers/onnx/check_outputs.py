"""Comparison of a Keras model with what its file computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lrkeras.importers.onnx.dim import Dim, Size
from lrkeras.importers.onnx.graph_builder import BuiltModel
from lrkeras.importers.onnx.graph_inputs import GraphInput, InputPlan
from lrkeras.legacy_h5.reason_of import reason_of
from lrkeras.system.optional_imports import require

Reference = Callable[[dict[str, np.ndarray]], list[np.ndarray]]
"""Computes the outputs of a file, in order, of its inputs by name."""

_LENGTHS = (7, 12, 33, 160, 1024)
_TOLERANCE = 5e-5
_IDS = 100


def onnxruntime_reference(proto: Any) -> Reference:
    """Runs a model in onnxruntime.

    Raises:
        ValueError: If onnxruntime refuses it.
    """
    runtime = require("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = runtime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"onnxruntime cannot run the ONNX file: {reason}") from error
    return lambda inputs: session.run(None, inputs)


def check_outputs(built: BuiltModel, plan: InputPlan, reference: Reference) -> None:
    """Compares a model with its file on random inputs.

    Raises:
        ValueError: If an output differs; the message names it and the largest error.
    """
    rng = np.random.default_rng(0)
    opens = any(isinstance(size, Dim) for item in built.inputs for size in item.sizes)
    done, failure = 0, None
    for length in _LENGTHS if opens else _LENGTHS[:1]:
        for batch in (1, 3):
            try:
                pairs = _outputs(built, plan, reference, rng, length, batch)
            except _ReferenceError as error:
                failure = error
                break  # too short for its convolutions
            for name, actual, expected in pairs:
                _compare(name, actual, expected)
        else:
            done += 1
            if done == 2:
                return
    if not done:
        raise ValueError(
            f"onnxruntime cannot run the ONNX file on random inputs: {failure} Check the sizes of "
            "its inputs."
        )


class _ReferenceError(Exception):
    """The file itself cannot be run on some inputs."""


def _outputs(
    built: BuiltModel, plan: InputPlan, reference: Reference, rng: Any, length: int, batch: int
) -> list[tuple[str, Any, Any]]:
    """Name, Keras's value and the file's of every output, for a batch of several runs."""
    # A file of a fixed batch is run several times for a larger one.
    runs = batch if plan.has_fixed_batch and plan.is_open else 1
    given: list[list[Any]] = []
    expected: list[list[Any]] = []
    for _ in range(runs):
        inputs = {i.name: _random(i, plan, built, rng, length, batch) for i in built.inputs}
        given.append([a for item in built.inputs for a in item.to_keras(inputs[item.name])])
        try:
            results = reference(inputs)
        except Exception as error:
            raise _ReferenceError(str(error).strip().partition("\n")[0]) from error
        expected.append(
            [a for o, r in zip(built.outputs, results, strict=True) for a in o.to_keras(r)]
        )
    arrays = [np.concatenate(parts) for parts in zip(*given, strict=True)]
    wanted = [np.concatenate(parts) for parts in zip(*expected, strict=True)]
    cast = [
        a.astype(t.dtype) if a.dtype != t.dtype else a
        for a, t in zip(arrays, built.model.inputs, strict=True)
    ]
    try:
        results = built.model(cast if len(cast) > 1 else cast[0], training=False)
    except Exception as error:
        reason = reason_of(error)
        raise ValueError(f"The model of the ONNX file does not run: {reason}") from error
    actual = keras.tree.flatten(results)
    names = [output.name for output in built.outputs for _ in output.tensors]
    values = [keras.ops.convert_to_numpy(value) for value in actual]
    return list(zip(names, values, wanted, strict=True))


def _random(
    item: GraphInput, plan: InputPlan, built: BuiltModel, rng: Any, length: int, batch: int
) -> np.ndarray:
    axis = plan.batch_axes[item.name]
    batches = {plan.file_sizes(n)[a] for n, a in plan.batch_axes.items()}

    def known(place: int, size: Size) -> int:
        if not isinstance(size, Dim):
            return size
        return batch if place == axis or size in batches else length

    shape = [known(place, size) for place, size in enumerate(item.sizes)]
    if item.dtype == bool:
        return rng.random(shape) < 0.5
    if item.dtype.kind in "iu":
        most = built.lengths.get(item.name, built.rows.get(item.name, _IDS))
        most = length if isinstance(most, Dim) else most
        if item.name in built.lengths:
            return _random_lengths(shape, most, rng).astype(item.dtype)
        return rng.integers(0, most, shape).astype(item.dtype)
    return rng.normal(size=shape).astype(item.dtype)


def _random_lengths(shape: list[int], longest: int, rng: Any) -> np.ndarray:
    """Lengths, the longest first: PyTorch wants that, and gives no more steps than it has."""
    drawn = np.sort(rng.integers(1, longest + 1, shape), axis=None)[::-1].reshape(shape)
    drawn.flat[0] = longest
    return drawn


def _compare(name: str, actual: np.ndarray, expected: np.ndarray) -> None:
    if actual.shape != expected.shape:
        raise ValueError(
            f"The output {name!r} of the model has the shape {actual.shape}, and that of the ONNX "
            f"file {expected.shape}. The file is not imported; please report it."
        )
    if expected.dtype.kind in "biu":
        different = int(np.sum(actual != expected))
        if different:
            raise ValueError(
                f"The output {name!r} of the model differs from the ONNX file in {different} of "
                f"{expected.size} entries. The file is not imported; please report it."
            )
        return
    error = np.abs(actual.astype(np.float64) - expected)
    error[np.isnan(actual) & np.isnan(expected)] = 0
    error[(actual == expected)] = 0
    finite = expected[np.isfinite(expected)]
    scale = float(np.abs(finite).max()) if finite.size else 1.0
    worst = float(np.max(error, initial=0.0))
    if not worst <= _TOLERANCE * max(scale, 1e-2):
        raise ValueError(
            f"The output {name!r} of the model differs from the ONNX file: the largest error is "
            f"{worst:.3g}, of values up to {scale:.3g}. The file is not imported; please report it."
        )
