"""What the tables of a sparse constant, and its scales, must be for a runtime to stay inside."""

from typing import Any

import numpy as np

_BYTES = {"float32": 4, "int32": 4, "float16": 2, "int16": 2, "int8": 1, "uint8": 1, "bool": 1}


def check_constants(file: Any) -> None:
    """Checks the tables of sparse constants, and how many scales tensors have.

    Args:
        file: A `ModelFile`.

    Raises:
        ValueError: If a table leads out of the tensor or of what is stored of it.
    """
    for graph in file.graphs:
        for number, tensor in enumerate(graph.tensors):
            shape = graph.shape(number)
            try:
                _check_scales(tensor.quantization, shape)
                if tensor.sparsity is not None:
                    stored = graph.data(number)
                    width = _BYTES.get(file.type_name(tensor.type), 0)
                    count = _stored(tensor.sparsity, shape)
                    _demand(stored is None or count * width <= len(stored), "stored values")
            except (AttributeError, IndexError, TypeError, ValueError) as error:
                raise ValueError(
                    f"Expected a whole file, received the tensor {number} with wrong tables "
                    f"({error}): it is damaged."
                ) from error


def _check_scales(parameters: Any, shape: tuple[int, ...]) -> None:
    if parameters is None or parameters.details is not None or parameters.scale is None:
        return
    count = len(parameters.scale)
    if count > 1:
        _demand(count == shape[parameters.quantizedDimension], "scales")
        _demand(len(parameters.zeroPoint) in (1, count), "zero points")


def _stored(sparsity: Any, shape: tuple[int, ...]) -> int:
    """How many values the tables ask for; they are levels of a tree, the outermost first."""
    blocks = [] if sparsity.blockMap is None else [int(axis) for axis in sparsity.blockMap]
    order = [int(axis) for axis in sparsity.traversalOrder]
    levels = sparsity.dimMetadata
    _demand(sorted(order) == list(range(len(shape) + len(blocks))), "order")
    _demand(len(levels) == len(order), "levels")
    sizes = list(shape) + [0] * len(blocks)
    for level, axis in zip(levels, order, strict=True):
        if axis >= len(shape):
            sizes[axis] = int(level.denseSize)
            _demand(level.format == 0 and sizes[axis] > 0, "size of a block")
    for number, axis in enumerate(blocks):
        _demand(sizes[axis] % sizes[len(shape) + number] == 0, "size of a block")
        sizes[axis] //= sizes[len(shape) + number]
    count = 1
    for level, axis in zip(levels, order, strict=True):
        if level.format == 0:
            _demand(level.denseSize == sizes[axis], "size of a level")
            count *= sizes[axis]
        else:
            segments = np.asarray(level.arraySegments.values, np.int64)
            indices = np.asarray(level.arrayIndices.values, np.int64)
            _demand(len(segments) == count + 1 and segments[0] == 0, "rows")
            _demand((np.diff(segments) >= 0).all() and segments[-1] == len(indices), "rows")
            _demand(((indices >= 0) & (indices < sizes[axis])).all(), "columns")
            count = len(indices)
    return count


def _demand(condition: Any, what: str) -> None:
    if not condition:
        raise ValueError(what)
