"""Quantises the weights of a float .tflite model."""

import itertools
from collections.abc import Sequence

import numpy as np

from lrkeras.export.tflite.model_file import ModelFile, Quantisation

# The TensorFlow converter leaves smaller weights in float too.
_MIN_ELEMENTS = 1024
_PER_TENSOR_VERSION, _PER_CHANNEL_VERSION = 9, 12
_PRODUCTS = ("FULLY_CONNECTED", "BATCH_MATMUL")


def quantize_int8(
    file: ModelFile,
    per_channel: bool,
    steps: Sequence[int] = (),
    kept: Sequence[np.ndarray] = (),
) -> None:
    """Makes the filters of matrix-vector products and the tables of look-ups int8.

    Activations stay float32 and are quantised as the file runs (dynamic range). A filter that is
    applied to more than one row a step, or with others in a batch, is a factor of a structured
    matrix. These are too small for products in int8 to be faster: they are stored as int8, and
    XNNPACK restores them once, as it takes the file.

    Args:
        file: A float model, edited in place.
        per_channel: One scale for each output of a filter, else one for the whole filter.
        steps: Time steps that each graph of the file runs; one where there is no number.
        kept: Filters (outputs, inputs) that stay float32.
    """
    counts = itertools.chain(steps, itertools.repeat(1))
    filters = []
    for graph, count in zip(file.each_graph(), counts, strict=False):
        for op in list(graph.operators):
            if file.op_name(op) == "FULLY_CONNECTED":
                weight = file.constant(int(op.inputs[1]))
                if weight is None or _is_one_of(weight, kept):
                    continue
                if _quantize_filter(file, op, per_channel, count):
                    filters.append(weight)
        _store_factors(file, kept)
    quantize_tables(file, filters if per_channel else ())


def quantize_tables(file: ModelFile, filters: Sequence[np.ndarray] = ()) -> None:
    """Makes the tables of look-ups int8.

    Args:
        file: A float model, edited in place.
        filters: Float filters that became int8 with a scale for each output. A table that is one of
            them, as the output layer of a tied model is, is stored with it, once.
    """
    for graph in file.each_graph():
        for op in list(graph.operators):
            if file.op_name(op) == "GATHER":
                _quantize_table(file, op, filters)


def quantize_float16(file: ModelFile) -> None:
    """Stores every large float32 constant as float16; a DEQUANTIZE node restores it."""
    for _ in file.each_graph():
        _graph_to_float16(file)


def _graph_to_float16(file: ModelFile) -> None:
    constants = {int(t) for op in file.graph.operators for t in op.inputs}
    for tensor in sorted(constants):
        value = _large_constant(file, tensor)
        if value is not None:
            _store(file, tensor, value.astype(np.float16), version=3)


def _store_factors(file: ModelFile, kept: Sequence[np.ndarray]) -> None:
    """Stores the second operands of products as int8, but for those that are `kept`.

    One scale for all: the DEQUANTIZE of a scale for each output takes a newer runtime, for errors
    that are a quarter smaller.
    """
    for tensor, readers in file.consumers().items():
        value = _large_constant(file, tensor)
        if value is None or _is_one_of(value, kept):
            continue
        if all(file.op_name(op) in _PRODUCTS and op.inputs[1] == tensor for op in readers):
            quantised, quantisation = _quantize(value, axis=None)
            _store(file, tensor, quantised, version=2, quantisation=quantisation)


def _store(
    file: ModelFile,
    tensor: int,
    value: np.ndarray,
    version: int,
    quantisation: Quantisation | None = None,
) -> None:
    """Stores a constant as numbers of fewer bits, from which a DEQUANTIZE node restores it."""
    stored = file.new_tensor(f"{value.dtype}_{tensor}", value.shape, value.dtype)
    file.set_constant(stored, value, quantisation)
    file.graph.tensors[tensor].buffer = 0
    op = file.new_op("DEQUANTIZE", version, [stored], [tensor])
    file.graph.operators.insert(0, op)


def _large_constant(file: ModelFile, tensor: int) -> np.ndarray | None:
    """Value of a float32 constant that is worth fewer bits, or None for any other tensor."""
    value = file.constant(tensor)
    is_large = value is not None and value.dtype == np.float32 and value.size >= _MIN_ELEMENTS
    return value if is_large else None


def _is_one_of(value: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    return any(np.array_equal(value, other) for other in others)


def _quantize_filter(file: ModelFile, op, per_channel: bool, steps: int) -> bool:
    tensor = int(op.inputs[1])
    weight = _large_constant(file, tensor)
    rows = np.prod([int(d) for d in file.graph.tensors[int(op.inputs[0])].shape])
    if weight is None or rows > weight.shape[1] * steps:
        return False
    quantised, quantisation = _quantize(weight, axis=0 if per_channel else None)
    own = file.new_tensor(f"int8_{tensor}", weight.shape, np.int8)
    file.set_constant(own, quantised, quantisation)
    op.inputs = np.array([op.inputs[0], own, *op.inputs[2:]], np.int32)
    op.builtinOptions.asymmetricQuantizeInputs = True
    version = _PER_CHANNEL_VERSION if per_channel else _PER_TENSOR_VERSION
    file.set_op(op, "FULLY_CONNECTED", version)
    return True


def _quantize_table(file: ModelFile, op, filters: Sequence[np.ndarray]) -> None:
    tensor = int(op.inputs[0])
    table = _large_constant(file, tensor)
    if table is None:
        return
    # The rows come out as int8 and are restored after the look-up, which knows one scale only.
    if _is_one_of(table, filters):
        quantised, rows_scaled = _quantize(table, axis=0)
        quantisation = Quantisation(np.ones(1, np.float32), 0)
    else:
        quantised, quantisation = _quantize(table, axis=None)
        rows_scaled = None
    own = file.new_tensor(f"int8_{tensor}", table.shape, np.int8)
    file.set_constant(own, quantised, quantisation)
    op.inputs = np.array([own, *op.inputs[1:]], np.int32)
    file.set_op(op, "GATHER", 2)
    result = int(op.outputs[0])
    rows = file.new_tensor(f"int8_rows_{tensor}", tuple(file.graph.tensors[result].shape), np.int8)
    file.set_quantisation(rows, quantisation)
    op.outputs = np.array([rows], np.int32)
    position = next(i for i, other in enumerate(file.graph.operators) if other is op)
    added = [file.new_op("DEQUANTIZE", 2, [rows], [result])]
    if rows_scaled is not None:
        added = _rows_times_scales(file, op, rows, result, rows_scaled.scale)
    file.graph.operators[position + 1 : position + 1] = added


def _rows_times_scales(file: ModelFile, op, rows: int, result: int, scales: np.ndarray) -> list:
    """Operators that restore int8 rows of a table, each by a scale that is looked up as it was."""
    shape = tuple(file.graph.tensors[result].shape)
    name = f"rows_{result}"
    table = file.new_tensor(f"{name}_scales", (len(scales), 1), np.float32)
    file.set_constant(table, scales.reshape(-1, 1))
    whole = file.new_tensor(f"{name}_unscaled", shape, np.float32)
    scale = file.new_tensor(f"{name}_scale", (*shape[:-1], 1), np.float32)
    look_up = file.new_op("GATHER", 1, [table, int(op.inputs[1])], [scale])
    look_up.builtinOptionsType, look_up.builtinOptions = op.builtinOptionsType, op.builtinOptions
    multiply = file.new_op("MUL", 1, [whole, scale], [result])
    multiply.builtinOptionsType = file.schema.BuiltinOptions.MulOptions
    multiply.builtinOptions = file.schema.MulOptionsT()
    return [file.new_op("DEQUANTIZE", 2, [rows], [whole]), look_up, multiply]


def _quantize(weight: np.ndarray, axis: int | None) -> tuple[np.ndarray, Quantisation]:
    others = None if axis is None else tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.abs(weight).max(axis=others, keepdims=axis is not None)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    quantised = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    return quantised, Quantisation(np.atleast_1d(scale.squeeze()), axis or 0)
