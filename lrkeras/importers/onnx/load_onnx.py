"""`load_onnx`: from an ONNX file to a Keras model that was compared with it."""

from __future__ import annotations

import os
import pathlib
import re
import warnings
from collections.abc import Callable
from typing import Any

import keras

from lrkeras.importers.onnx.batch_first_layout import without_batchwise_layout
from lrkeras.importers.onnx.check_outputs import Reference, check_outputs, onnxruntime_reference
from lrkeras.importers.onnx.graph_builder import BuiltModel, GraphBuilder
from lrkeras.importers.onnx.graph_inputs import AxesMismatchError, InputPlan
from lrkeras.importers.onnx.numbered_sequences import without_numbered_sequences
from lrkeras.importers.onnx.read_file import read_file
from lrkeras.saving import check_finite


def load_onnx(path: str | os.PathLike) -> keras.Model:
    """Loads an `.onnx` file as a Keras Functional model that computes the same.

    What has a Keras layer becomes one, with the weights of the file: LSTM, GRU and RNN (also in
    both directions), Dense, Embedding, Conv1D and Conv2D, normalizations, pooling, activations. The
    rest is operations of `keras.ops`; `lrkeras.importers.onnx.SUPPORTED` lists all of it. So the
    model can be trained further, saved, compressed and converted.

    ONNX's recurrent operators are time-major, (time, batch, features), and stand between
    transposes and squeezes. The Keras model is batch-major: each input and output has its batch
    first, and an open axis of time second, whatever their places in the file; nothing is left of
    the transposes. Initial states that are inputs of the file, (layers * directions, batch, units),
    are inputs of shape (batch, units), one for each layer and direction, under the name in the
    file with `_0`, `_1` and so on where there are several; states that are outputs are outputs of
    that shape. `convert(form="step")` takes them for the states of the file it writes.

    The batch is open, also where the file was exported with a fixed one, if the graph allows it.

    The model is compared with onnxruntime on random inputs, in several lengths where the length is
    open, before it is returned.

    Where the file casts to float16 or float64 the model computes in float32, and a
    `PrecisionWarning` names the nodes once.

    Args:
        path: The file. Weights in files beside it are read too.

    Returns:
        The model, not compiled. Its layers are named after the modules or nodes of the file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, older than opset 7, or misses its weights, or one is not
            a finite number; it has an operator or an attribute that cannot be imported, or an open
            size besides batch and time, which the message names; or the model differs from
            onnxruntime.
        ImportError: `onnx` or `onnxruntime` is missing; the message says how to install them.

    Example:
        >>> model = load_onnx("model.onnx")  # doctest: +SKIP
    """
    file = pathlib.Path(path)
    proto = without_batchwise_layout(read_file(file))
    name = re.sub(r"\W", "_", file.stem) or "model"
    built = model_of_proto(proto, lambda: onnxruntime_reference(proto), name)
    check_finite(built.model)
    return told(built)


class PrecisionWarning(UserWarning):
    """A file computes in float16 or float64 what its Keras model computes in float32."""


def told(built: BuiltModel) -> keras.Model:
    """The model, after a warning of what it computes in another precision than its file."""
    if built.casts:
        warnings.warn(
            f"{_casts(built)} The model computes in float32 there; the outputs agree all the same.",
            PrecisionWarning,
            stacklevel=3,
        )
    return built.model


def _casts(built: BuiltModel) -> str:
    nodes = ", ".join(f"{name!r} to {dtype}" for name, dtype in built.casts.items())
    return f"The ONNX model {built.model.name!r} casts in the operators Cast: {nodes}."


def model_of_proto(proto: Any, make_reference: Callable[[], Reference], name: str) -> BuiltModel:
    """Builds the Keras model of a checked `onnx.ModelProto` and compares it with a reference.

    The batch is taken for open first; where that cannot be, and the file has a fixed one, it stays
    fixed.

    Raises:
        ValueError: As of `load_onnx`.
    """
    proto = without_numbered_sequences(proto)
    plan = InputPlan(proto.graph, is_open=True)
    try:
        return _checked(proto, plan, make_reference, name)
    except ValueError:
        if not plan.has_fixed_batch:
            raise
    return _checked(proto, InputPlan(proto.graph, is_open=False), make_reference, name)


def _checked(
    proto: Any, plan: InputPlan, make_reference: Callable[[], Reference], name: str
) -> BuiltModel:
    built = _built(proto, plan, name)
    try:
        check_outputs(built, plan, make_reference())
    except ValueError as error:
        if not built.casts:
            raise
        raise ValueError(
            f"{error} {_casts(built)} The model computes in float32 there. Export it in float32 "
            "throughout."
        ) from error
    return built


def _built(proto: Any, plan: InputPlan, name: str) -> BuiltModel:
    """Builds twice: what the graph reads of a recurrent layer is known after the first time."""
    for _ in range(2 * len(plan.infos) + 1):
        try:
            first = GraphBuilder(proto, plan, None, name).build()
            return GraphBuilder(proto, plan, first.used, name).build()
        except AxesMismatchError as mismatch:
            plan.batch_axes[mismatch.name] = mismatch.axis
    raise ValueError(
        "The batch is not the same axis of the inputs of the ONNX file for all its recurrent "
        "operators. Export the model with the batch as an open axis."
    )
