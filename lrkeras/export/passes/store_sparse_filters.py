"""Takes the zeros of sparse filters out of a float file."""

import dataclasses
from typing import Any

import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.passes.fuse_block_sparse import fuse_block_sparse
from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.passes.sparse_filter import SparseFilter
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.sparse_tensor import BlockSparseFilter, store_sparse

_SPARSE_FLOAT_VERSION = 8


def store_sparse_filters(file: ModelFile, context: PassContext) -> None:
    """Makes every product with a sparse filter one with its blocks alone.

    Args:
        file: A float model, edited in place.
        context: Names the filters.

    Raises:
        ConversionError: If the file has no product with one of them, or none with a tanh behind
            it where blocks are int8.
    """
    done: list[SparseFilter] = []
    for wanted in context.sparse_filters:
        if any(np.array_equal(wanted.weight, other.weight) for other in done):
            continue  # the products of both were found by the value that they share
        done.append(wanted)
        one, nodes = _found(file, wanted)
        if not nodes:
            raise ConversionError(
                f"Expected a product with the sparse filter of shape {one.weight.shape} in the "
                "converted graph, received none: the TensorFlow converter changed it. Report the "
                "model with the versions of lrkeras and tensorflow."
            )
        packed = _packed(one, context) if one.is_int8 else None
        for graph, op in nodes:
            if packed is None:
                _store_float_blocks(graph, op, one)
            else:
                fuse_block_sparse(graph, op, packed)


def _found(file: ModelFile, wanted: SparseFilter) -> tuple[SparseFilter, list]:
    """A filter as it is in the file, and its products as `(graph, operator)`.

    The converter multiplies a filter by a constant that its input was multiplied by, such as that
    of a `Rescaling` layer. The zeros stay where they are.
    """
    products = [(g, op, w) for g in file.graphs for op, w in g.products()]
    weights = [w for *_, w in products if np.array_equal(w, wanted.weight)]
    weights = weights or [w for *_, w in products if np.array_equal(w != 0, wanted.weight != 0)]
    if not weights:
        return wanted, []
    same = [(g, op) for g, op, w in products if np.array_equal(w, weights[0])]
    return dataclasses.replace(wanted, weight=weights[0]), same


def _packed(one: SparseFilter, context: PassContext) -> BlockSparseFilter:
    try:
        return BlockSparseFilter.from_dense(one.weight, context.per_channel)
    except ValueError as error:
        raise ConversionError(str(error)) from error


def _store_float_blocks(graph: Graph, op: Any, one: SparseFilter) -> None:
    rows, columns = one.weight.shape
    blocks = one.weight.reshape(rows, -1, one.block)
    kept = blocks.any(axis=2)
    segments = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    tensor = int(op.inputs[1])
    parts = (blocks[kept], segments, np.nonzero(kept)[1])
    store_sparse(graph, tensor, (rows, columns), *parts)
    graph.file.set_op(op, "FULLY_CONNECTED", _SPARSE_FLOAT_VERSION)
