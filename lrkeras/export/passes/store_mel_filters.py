"""Takes the zeros of mel matrices out of a file."""

from typing import Any

import numpy as np

from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.sparse_tensor import store_sparse

# Share of numbers that are not zero from which on their places cost more than the zeros.
_LARGEST_SHARE = 0.5


def store_mel_filters(file: ModelFile, context: PassContext) -> None:
    """Stores filters that stay float32 without their zeros; a DENSIFY node puts these back.

    A mel matrix is triangles that overlap by half: each of its columns has two numbers, all others
    are zero. What is stored are the same float32 numbers, so nothing is rounded. The runtime, and
    XNNPACK for its part, form the matrix once, as they take the file; a step multiplies with it
    as before.

    Args:
        file: A float model, edited in place.
        context: Its `float_filters` are the matrices.
    """
    for graph in file.graphs:
        found = [(op, weight) for op, weight in graph.products() if _is_one(weight, context)]
        for tensor in sorted({int(op.inputs[1]) for op, _ in found}):
            _store(graph, tensor)


def _is_one(weight: np.ndarray, context: PassContext) -> bool:
    """Whether a filter is a mel matrix, which the converter may have multiplied by a constant."""
    if weight.dtype != np.float32 or np.mean(weight != 0) > _LARGEST_SHARE:
        return False
    return any(np.array_equal(weight != 0, kept != 0) for kept in context.float_filters)


def _store(graph: Graph, tensor: int) -> None:
    weight: Any = graph.constant(tensor)
    kept = weight != 0
    segments = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    stored = graph.new_tensor(f"sparse_{tensor}", weight.shape, np.float32)
    parts = (weight[kept][:, None], segments, np.nonzero(kept)[1])
    store_sparse(graph, stored, weight.shape, *parts)
    graph.tensors[tensor].buffer = 0
    # Not in front of all: XNNPACK would take it as a part of its own where it skips what follows.
    reader = graph.consumers()[tensor][0]
    densify = graph.new_op("DENSIFY", 1, [stored], [tensor])
    densify.builtinOptionsType = graph.file.schema.BuiltinOptions.DensifyOptions
    densify.builtinOptions = graph.file.schema.DensifyOptionsT()
    graph.insert([densify], before=reader)
