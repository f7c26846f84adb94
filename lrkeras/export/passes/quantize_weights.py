"""Rounds the weights of a float .tflite model to fewer bits."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.passes.store_rounded import kept_exactly, store_rounded
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.quantisation import Quantisation

# The TensorFlow converter leaves smaller weights in float too.
_MIN_ELEMENTS = 1024
_PER_TENSOR_VERSION, _PER_CHANNEL_VERSION = 9, 12
_PRODUCTS = ("FULLY_CONNECTED", "BATCH_MATMUL")


def quantize_int8(file: ModelFile, context: PassContext) -> None:
    """Makes the filters of matrix-vector products and the tables of look-ups int8.

    Activations stay float32 and are quantised as the file runs (dynamic range). A filter that is
    applied to more than one row a step, or with others in a batch, is a factor of a structured
    matrix. These are too small for products in int8 to be faster: they are stored as int8, and
    XNNPACK restores them once, as it takes the file.

    Args:
        file: A float model, edited in place.
        context: Says how many steps each graph runs and which filters stay float32.
    """
    store_rounded(file, context)
    context = kept_exactly(file, context)
    filters = []
    for graph, steps in _with_steps(file, context):
        for op in graph.operators:
            if graph.op_name(op) == "FULLY_CONNECTED":
                weight = graph.constant(op.inputs[1])
                if weight is None or context.is_float(weight):
                    continue
                if _quantize_filter(graph, op, context.per_channel, steps):
                    filters.append(weight)
        _store_factors(graph, context)
    _quantize_tables(file, filters if context.per_channel else ())


def quantize_tables(file: ModelFile, context: PassContext) -> None:
    """Makes the tables of look-ups int8, with one scale for each table.

    Args:
        file: A float model, edited in place.
        context: Not used.
    """
    _quantize_tables(file, ())


def quantize_float16(file: ModelFile, context: PassContext) -> None:
    """Stores every large float32 constant as float16; a DEQUANTIZE node restores it.

    Args:
        file: A float model, edited in place.
        context: Not used.
    """
    for graph in file.graphs:
        for tensor in sorted({int(t) for op in graph.operators for t in op.inputs}):
            value = _large_constant(graph, tensor)
            if value is not None:
                _store(graph, tensor, value.astype(np.float16), version=3)


def _with_steps(file: ModelFile, context: PassContext) -> list[tuple[Graph, int]]:
    """Each graph and the time steps that it runs: those after the signatures' run one."""
    steps = [*context.steps, *[1] * len(file.graphs)]
    return list(zip(file.graphs, steps, strict=False))


def _quantize_tables(file: ModelFile, filters: Sequence[np.ndarray]) -> None:
    """Makes tables int8.

    A table that is one of `filters`, float ones that became int8 with a scale for each output, as
    the output layer of a tied model did, is stored with it, once.
    """
    for graph in file.graphs:
        for op in graph.operators:
            if graph.op_name(op) == "GATHER":
                _quantize_table(graph, op, filters)


def _store_factors(graph: Graph, context: PassContext) -> None:
    """Stores the second operands of products as int8, but for those that stay float32.

    One scale for all: the DEQUANTIZE of a scale for each output takes a newer runtime, for errors
    that are a quarter smaller.
    """
    for tensor, readers in graph.consumers().items():
        value = _large_constant(graph, tensor)
        if value is None or context.is_float(value):
            continue
        if all(graph.op_name(op) in _PRODUCTS and op.inputs[1] == tensor for op in readers):
            quantised, quantisation = Quantisation.of_int8(value, axis=None)
            _store(graph, tensor, quantised, version=2, quantisation=quantisation)


def _store(
    graph: Graph,
    tensor: int,
    value: np.ndarray,
    version: int,
    quantisation: Quantisation | None = None,
) -> None:
    """Stores a constant as numbers of fewer bits, from which a DEQUANTIZE node restores it."""
    stored = graph.new_constant(f"{value.dtype}_{tensor}", value, quantisation)
    graph.tensors[tensor].buffer = 0
    graph.insert([graph.new_op("DEQUANTIZE", version, [stored], [tensor])])


def _large_constant(graph: Graph, tensor: int) -> np.ndarray | None:
    """Value of a float32 constant that is worth fewer bits, or None for any other tensor."""
    value = graph.constant(tensor)
    is_large = value is not None and value.dtype == np.float32 and value.size >= _MIN_ELEMENTS
    return value if is_large else None


def _quantize_filter(graph: Graph, op: Any, per_channel: bool, steps: int) -> bool:
    tensor = int(op.inputs[1])
    weight = _large_constant(graph, tensor)
    rows = np.prod(graph.shape(op.inputs[0]))
    if weight is None or rows > weight.shape[1] * steps:
        return False
    quantised, quantisation = Quantisation.of_int8(weight, axis=0 if per_channel else None)
    own = graph.new_constant(f"int8_{tensor}", quantised, quantisation)
    op.inputs = np.array([op.inputs[0], own, *op.inputs[2:]], np.int32)
    op.builtinOptions.asymmetricQuantizeInputs = True
    version = _PER_CHANNEL_VERSION if per_channel else _PER_TENSOR_VERSION
    graph.file.set_op(op, "FULLY_CONNECTED", version)
    return True


def _quantize_table(graph: Graph, op: Any, filters: Sequence[np.ndarray]) -> None:
    tensor, result = int(op.inputs[0]), int(op.outputs[0])
    table = _large_constant(graph, tensor)
    if table is None:
        return
    # The rows come out as int8 and are restored after the look-up, which knows one scale only.
    if any(np.array_equal(table, weight) for weight in filters):
        quantised, rows_scaled = Quantisation.of_int8(table, axis=0)
        quantisation = Quantisation(np.ones(1, np.float32))
    else:
        (quantised, quantisation), rows_scaled = Quantisation.of_int8(table, axis=None), None
    own = graph.new_constant(f"int8_{tensor}", quantised, quantisation)
    op.inputs = np.array([own, *op.inputs[1:]], np.int32)
    graph.file.set_op(op, "GATHER", 2)
    rows = graph.new_tensor(f"int8_rows_{tensor}", graph.shape(result), np.int8)
    graph.set_quantisation(rows, quantisation)
    op.outputs = np.array([rows], np.int32)
    if rows_scaled is None:
        graph.insert([graph.new_op("DEQUANTIZE", 2, [rows], [result])], after=op)
    else:
        graph.insert(_rows_times_scales(graph, op, rows, result, rows_scaled.scale), after=op)


def _rows_times_scales(
    graph: Graph, op: Any, rows: int, result: int, scales: np.ndarray
) -> list[Any]:
    """Operators that restore int8 rows of a table, each by a scale that is looked up as it was."""
    shape, schema = graph.shape(result), graph.file.schema
    name = f"rows_{result}"
    table = graph.new_constant(f"{name}_scales", scales.reshape(-1, 1))
    whole = graph.new_tensor(f"{name}_unscaled", shape, np.float32)
    scale = graph.new_tensor(f"{name}_scale", (*shape[:-1], 1), np.float32)
    look_up = graph.new_op("GATHER", 1, [table, int(op.inputs[1])], [scale])
    look_up.builtinOptionsType, look_up.builtinOptions = op.builtinOptionsType, op.builtinOptions
    multiply = graph.new_op("MUL", 1, [whole, scale], [result])
    multiply.builtinOptionsType = schema.BuiltinOptions.MulOptions
    multiply.builtinOptions = schema.MulOptionsT()
    return [graph.new_op("DEQUANTIZE", 2, [rows], [whole]), look_up, multiply]
