"""Rounds the weights of a float .tflite model to fewer bits."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lrkeras.export.passes.large_weights import (
    gather_int8_rows,
    graphs_with_steps,
    large_weight,
)
from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.passes.store_rounded import kept_exactly, store_rounded
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.quantisation import Quantisation

_PER_TENSOR_VERSION, _PER_CHANNEL_VERSION = 9, 12
_PRODUCTS = ("FULLY_CONNECTED", "BATCH_MATMUL")
# Of a smaller one the operator that restores it takes about the bytes that are saved.
_LEAST_STORED = 256


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
    for graph, steps in graphs_with_steps(file, context):
        for op in graph.operators:
            if graph.op_name(op) == "FULLY_CONNECTED":
                weight = graph.constant(op.inputs[1])
                if weight is None or context.is_float(weight) or context.is_half(weight):
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
            value = large_weight(graph, tensor)
            if value is not None:
                _store(graph, tensor, value.astype(np.float16), version=3)


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
    """Stores the second operands of products as int8, some as float16, but for float32 ones.

    One scale for all: the DEQUANTIZE of a scale for each output takes a newer runtime, for errors
    that are a quarter smaller.
    """
    for tensor, readers in graph.consumers().items():
        value = large_weight(graph, tensor, _LEAST_STORED)
        if value is None or context.is_float(value):
            continue
        if context.is_half(value):
            _store(graph, tensor, value.astype(np.float16), version=3)
        elif all(graph.op_name(op) in _PRODUCTS and op.inputs[1] == tensor for op in readers):
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
    # Not in front of all: XNNPACK would take it as a part of its own where it skips what follows.
    reader = graph.consumers()[tensor][0]
    graph.insert([graph.new_op("DEQUANTIZE", version, [stored], [tensor])], before=reader)


def _quantize_filter(graph: Graph, op: Any, per_channel: bool, steps: int) -> bool:
    tensor = int(op.inputs[1])
    weight = large_weight(graph, tensor)
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
    table = large_weight(graph, op.inputs[0])
    if table is None:
        return
    is_filter = any(np.array_equal(table, weight) for weight in filters)
    gather_int8_rows(graph, op, *Quantisation.of_int8(table, axis=0 if is_filter else None))
