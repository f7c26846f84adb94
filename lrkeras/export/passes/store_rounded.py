"""Stores weights that were rounded before, as exactly these integers and scales."""

import dataclasses
import hashlib
import math
from typing import Any

import numpy as np

from lrkeras.export.passes.large_weights import (
    gather_int8_rows,
    graphs_with_steps,
    large_weight,
    multiply,
)
from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.quantisation import Quantisation
from lrkeras.rounding.grid import rows_on_grid
from lrkeras.rounding.least_squares import Rounded

# Of matrices whose scales are better a constant of their own.
_MANY_ROWS, _FEW_COLUMNS = 4096, 128
# Versions that brought weights of four bits, and int8 ones with a scale for each output.
_INT4_PRODUCT, _INT8_PRODUCT, _INT4_TABLE = 10, 12, 4
# That of products with int8 of one scale, whose inputs are rounded asymmetrically.
_ONE_SCALE = 9


def store_rounded(file: ModelFile, context: PassContext) -> None:
    """Makes filters and tables integers whose rows are a scale times integers of a few bits.

    A filter of four bits has a scale for each output, a table one for each row; a table that is
    also the filter of an output layer is stored once. Where XNNPACK has no product of four bits,
    the same integers are stored as int8. Of filters only some of whose rows were rounded, the
    others are rounded to int8. Everything else is left as it is.

    Args:
        file: A float model, edited in place.
        context: Its `rounded_bits` say to how many bits weights were rounded; None: to none.
    """
    if context.rounded_bits is None:
        return
    for graph, steps in graphs_with_steps(file, context):
        in_bytes = _tables_in_bytes(graph, context)
        for op in list(graph.operators):
            name = graph.op_name(op)
            if name == "FULLY_CONNECTED":
                _store_filter(graph, op, context, steps, in_bytes)
            elif name == "GATHER":
                _store_table(graph, op, context)


def kept_exactly(file: ModelFile, context: PassContext) -> PassContext:
    """A context in which factors that were rounded along their inputs stay float.

    A factor of a tied table is multiplied with both ways round: one way round its scales are not
    those of its outputs, and int8 would round it a second time.
    """
    if context.rounded_bits is None:
        return context
    kept = []
    for graph in file.graphs:
        for op in graph.operators:
            if graph.op_name(op) == "FULLY_CONNECTED":
                weight = _large_matrix(graph, op.inputs[1])
                if weight is not None and rows_on_grid(weight.T, context.rounded_bits)[0].all():
                    kept.append(weight)
    return dataclasses.replace(context, float_filters=[*context.float_filters, *kept])


def _tables_in_bytes(graph: Graph, context: PassContext) -> list[np.ndarray]:
    """Tables that are looked up and have a byte for each number in the file."""
    look_ups = [op for op in graph.operators if graph.op_name(op) == "GATHER"]
    tables = [_large_matrix(graph, op.inputs[0]) for op in look_ups]
    return [t for t in tables if t is not None and not _has_four_bit_rows(t, context)]


def _has_four_bit_rows(table: np.ndarray, context: PassContext) -> bool:
    # The runtime reads rows of four bits as if each began with a byte of its own.
    return context.bits == 4 and context.per_channel and table.shape[1] % 2 == 0


def _store_filter(
    graph: Graph, op: Any, context: PassContext, steps: int, in_bytes: list[np.ndarray]
) -> None:
    weight = _large_matrix(graph, op.inputs[1])
    if weight is None or context.is_float(weight):
        return
    bits = context.rounded_bits
    assert bits is not None
    found, integers, scale = rows_on_grid(weight, bits)
    if not found.any() or math.prod(graph.shape(op.inputs[0])) > weight.shape[1] * steps:
        return
    is_new = context.per_channel
    if not found.all() and is_new:
        others, rounding = Quantisation.of_int8(weight, axis=0)
        integers = np.where(found[:, None], integers, others)
        scale = np.where(found[:, None], scale, rounding.scale[:, None])
    elif not found.all():
        return
    # XNNPACK takes pairs of inputs. Older runtimes know four bits, but one scale for int8.
    is_int4 = context.bits == 4 and found.all() and not (is_new and weight.shape[1] % 2)
    is_bare = len(op.inputs) < 3 or op.inputs[2] < 0
    is_bare = is_bare and not op.builtinOptions.fusedActivationFunction
    # One copy for an old runtime's look-up and for the product, whose results are then scaled.
    is_shared = not is_new and found.all() and is_bare and _is_one_of(weight, in_bytes)
    is_int4 = is_int4 and not is_shared
    if not is_int4 and not is_new and not is_shared:
        return
    rounded = Rounded(integers, scale, 4 if is_int4 else 8)
    op.builtinOptions.asymmetricQuantizeInputs = True
    version = _INT4_PRODUCT if is_int4 else _INT8_PRODUCT
    graph.file.set_op(op, "FULLY_CONNECTED", _ONE_SCALE if is_shared else version)
    apart = is_shared or (is_bare and _has_scales_apart(rounded))
    own = _constant(graph, rounded, apart)
    op.inputs = np.array([op.inputs[0], own, *op.inputs[2:]], np.int32)
    if apart:
        result = int(op.outputs[0])
        unscaled = graph.new_tensor(f"unscaled_{result}", graph.shape(result), np.float32)
        scales = graph.new_constant(f"scales_{result}", rounded.scale.reshape(-1))
        op.outputs = np.array([unscaled], np.int32)
        graph.insert([multiply(graph, unscaled, scales, result)], after=op)


def _is_one_of(weight: np.ndarray, tables: list[np.ndarray]) -> bool:
    return any(np.array_equal(weight, table) for table in tables)


def _has_scales_apart(rounded: Rounded) -> bool:
    """Whether the scales are a float constant of their own, and those of the integers all one.

    A tensor holds an int64 beside each of its scales. Of long matrices with few columns these are
    a tenth of the file and more; a multiplication of the results takes their place.
    """
    rows, columns = rounded.integers.shape
    return rounded.bits == 4 and rows >= _MANY_ROWS and columns <= _FEW_COLUMNS


def _store_table(graph: Graph, op: Any, context: PassContext) -> None:
    table = _large_matrix(graph, op.inputs[0])
    if table is None or op.builtinOptions.axis:
        return
    found, integers, scale = rows_on_grid(table, context.rounded_bits or 4)
    if not found.all():
        return
    if _has_four_bit_rows(table, context):
        _look_up(graph, op, Rounded(integers, scale, 4))
    else:
        gather_int8_rows(graph, op, integers, Quantisation(scale.reshape(-1)))


def _look_up(graph: Graph, op: Any, rounded: Rounded) -> None:
    """Makes a GATHER an EMBEDDING_LOOKUP, which restores rows of four bits by itself."""
    ids, result = int(op.inputs[1]), int(op.outputs[0])
    shape = graph.shape(result)
    count, apart = math.prod(shape[:-1]), _has_scales_apart(rounded)
    flat = graph.new_tensor(f"ids_{result}", (count,), np.int32)
    rows = graph.new_tensor(f"rows_{result}", (count, shape[-1]), np.float32)
    added = [
        _reshape(graph, ids, flat),
        graph.new_op(
            "EMBEDDING_LOOKUP", _INT4_TABLE, [flat, _constant(graph, rounded, apart)], [rows]
        ),
    ]
    if apart:
        scales = graph.new_constant(f"scales_{result}", rounded.scale)
        scale = graph.new_tensor(f"scale_{result}", (count, 1), np.float32)
        whole = graph.new_tensor(f"whole_{result}", (count, shape[-1]), np.float32)
        added.append(graph.new_op("EMBEDDING_LOOKUP", 1, [flat, scales], [scale]))
        added.append(multiply(graph, rows, scale, whole))
        rows = whole
    graph.insert([*added, _reshape(graph, rows, result)], after=op)
    graph.operators = [other for other in graph.operators if other is not op]


def _reshape(graph: Graph, source: int, result: int) -> Any:
    shape = graph.new_constant(f"shape_{result}", np.array(graph.shape(result), np.int32))
    op = graph.new_op("RESHAPE", 1, [source, shape], [result])
    op.builtinOptionsType = graph.file.schema.BuiltinOptions.ReshapeOptions
    op.builtinOptions = graph.file.schema.ReshapeOptionsT()
    op.builtinOptions.newShape = np.array(graph.shape(result), np.int32)
    return op


def _constant(graph: Graph, rounded: Rounded, apart: bool = False) -> int:
    """The tensor of rounded weights, one in each graph: those of four bits two in a byte.

    Args:
        graph: Where to.
        rounded: The weights, with a scale for each row.
        apart: Whether the scales are elsewhere.
    """
    scale = np.ones(1, np.float32) if apart else rounded.scale.reshape(-1)
    digest = hashlib.sha256(rounded.integers.tobytes() + scale.tobytes()).hexdigest()[:16]
    name = f"int{rounded.bits}_{digest}"
    for tensor, described in enumerate(graph.tensors):
        if described.name == name.encode():
            return tensor
    tensor = graph.new_constant(name, rounded.integers, Quantisation(scale))
    if rounded.bits == 4:
        graph.tensors[tensor].type = graph.file.schema.TensorType.INT4
        graph.tensors[tensor].buffer = graph.file.add_buffer(packed(rounded.integers))
    return tensor


def packed(integers: np.ndarray) -> np.ndarray:
    """Integers from -8 to 7 two in a byte, uint8, the first one in the lower half."""
    flat = integers.reshape(-1)
    flat = np.append(flat, np.zeros(len(flat) % 2, np.int8)).astype(np.uint8) & 15
    return flat[::2] | (flat[1::2] << 4)


def _large_matrix(graph: Graph, tensor: int) -> np.ndarray | None:
    value = large_weight(graph, tensor)
    return value if value is not None and value.ndim == 2 else None
