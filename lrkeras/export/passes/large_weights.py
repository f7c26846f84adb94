"""Constants that are worth fewer bits, and look-ups of rows that have them."""

from typing import Any

import numpy as np

from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.quantisation import Quantisation

# The TensorFlow converter leaves smaller weights in float too.
_LEAST_SIZE = 1024
# The version that brought rows of eight bits.
_INT8_GATHER = 2


def graphs_with_steps(file: ModelFile, context: PassContext) -> list[tuple[Graph, int]]:
    """Each graph and the time steps that it runs: those after the signatures' run one."""
    steps = [*context.steps, *[1] * len(file.graphs)]
    return list(zip(file.graphs, steps, strict=False))


def large_weight(graph: Graph, tensor: int, least: int = _LEAST_SIZE) -> np.ndarray | None:
    """Value of a float32 constant of `least` numbers or more, or None for any other tensor."""
    value = graph.constant(int(tensor))
    is_large = value is not None and value.dtype == np.float32 and value.size >= least
    return value if is_large else None


def multiply(graph: Graph, first: int, second: int, result: int) -> Any:
    """An operator for the product of two tensors, entry by entry."""
    op = graph.new_op("MUL", 1, [first, second], [result])
    op.builtinOptionsType = graph.file.schema.BuiltinOptions.MulOptions
    op.builtinOptions = graph.file.schema.MulOptionsT()
    return op


def gather_int8_rows(
    graph: Graph, op: Any, integers: np.ndarray, quantisation: Quantisation
) -> None:
    """Lets a GATHER give int8 rows, which are restored behind it.

    A look-up knows one scale only: of several, one for each row, the row's is looked up as it was.

    Args:
        graph: Where the look-up is.
        op: The GATHER; its table is replaced.
        integers: int8, (rows, width): the new table.
        quantisation: Its scales, one or one for each row.
    """
    table, ids, result = int(op.inputs[0]), int(op.inputs[1]), int(op.outputs[0])
    is_single = len(quantisation.scale) == 1
    of_rows = quantisation if is_single else Quantisation(np.ones(1, np.float32))
    own = graph.new_constant(f"int8_{table}", integers, of_rows)
    op.inputs = np.array([own, ids], np.int32)
    graph.file.set_op(op, "GATHER", _INT8_GATHER)
    shape, name = graph.shape(result), f"rows_{result}"
    rows = graph.new_tensor(f"int8_{name}", shape, np.int8)
    graph.set_quantisation(rows, of_rows)
    op.outputs = np.array([rows], np.int32)
    if is_single:
        graph.insert([graph.new_op("DEQUANTIZE", 2, [rows], [result])], after=op)
        return
    scales = graph.new_constant(f"{name}_scales", quantisation.scale.reshape(-1, 1))
    whole = graph.new_tensor(f"{name}_unscaled", shape, np.float32)
    scale = graph.new_tensor(f"{name}_scale", (*shape[:-1], 1), np.float32)
    look_up = graph.new_op("GATHER", 1, [scales, ids], [scale])
    look_up.builtinOptionsType, look_up.builtinOptions = op.builtinOptionsType, op.builtinOptions
    restore = graph.new_op("DEQUANTIZE", 2, [rows], [whole])
    graph.insert([restore, look_up, multiply(graph, whole, scale, result)], after=op)
