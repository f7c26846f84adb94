"""Arrays with some of their rows written anew."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.importers.onnx.broadcasting import aligned
from lrkeras.importers.onnx.dim import Dim
from lrkeras.importers.onnx.graph_inputs import keras_dtype
from lrkeras.importers.onnx.operators.selections import joined, taken
from lrkeras.importers.onnx.operators.shapes import reshaped, transposed
from lrkeras.importers.onnx.operators.slices import sliced
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Atom, Constant, Group, Tensor, Value, arranged

_REDUCTIONS: dict[str, Callable | None] = {
    "none": None,
    "add": ops.add,
    "mul": ops.multiply,
    "min": ops.minimum,
    "max": ops.maximum,
}


@operator(
    ScatterND="keras.layers.Concatenate where the new rows lie side by side, else keras.ops.take "
    "and keras.ops.where; keras.ops.scatter_update where the indices are computed"
)
def scatter_nd(builder: Any, node: Any) -> Value:
    """Rows of an array, named by their first indices, replaced by others or combined with them."""
    data, indices, updates = (builder.value(node, place) for place in range(3))
    reduction = node.attribute("reduction", "none")
    if isinstance(indices, Tensor):
        return _scattered(data, indices, updates, reduction, builder)
    combine = _REDUCTIONS[reduction]
    array = builder.constant(node, 1)
    data, array, updates, order = _partial_axes_first(data, array, updates, builder)
    count = array.shape[-1]
    sizes, rest = data.dims[:count], data.dims[count:]
    if any(isinstance(size, Dim) for size in sizes):
        raise ValueError(
            f"its constant indices count along axes of the sizes {sizes}, of which one is open. "
            "Export the model with fixed sizes there."
        )
    if count:
        numbers = np.where(array < 0, array + np.array(sizes), array).reshape(-1, count)
        rows = np.asarray(np.ravel_multi_index(tuple(numbers.T), sizes))
        flat = reshaped(data, [math.prod(sizes), *rest], builder)
        updates = reshaped(updates, [rows.size, *rest], builder)
        result = _with_rows(builder, node, flat, rows, updates, combine)
        result = reshaped(result, list(data.dims), builder)
    else:
        result = updates if combine is None else _each(combine, [data, updates], builder)
    return transposed(result, [order.index(axis) for axis in range(len(order))])


def _partial_axes_first(
    data: Any, array: np.ndarray, updates: Any, builder: Any
) -> tuple[Any, np.ndarray, Any, list[int]]:
    """The same without the axes along which the indices name every entry in a row.

    PyTorch spells `x[:, 3:5] = y` out entry by entry. Such axes, the batch among them, may be of
    open size; they go behind those that are counted.

    Returns:
        Data, indices and updates, and where the axes of the data were before.
    """
    count = array.shape[-1]
    order = list(range(len(data.dims)))
    if array.ndim - 1 != count:
        return data, array, updates, order
    lists = [
        np.moveaxis(array[..., i], i, 0).reshape(array.shape[i], -1)[:, 0] for i in order[:count]
    ]
    if not np.array_equal(np.stack(np.meshgrid(*lists, indexing="ij"), axis=-1), array):
        return data, array, updates, order

    def is_whole(axis: int) -> bool:
        size = data.dims[axis]
        if isinstance(size, Dim) and size == builder.batch:
            size = builder.plan.fixed_batch
        return np.array_equal(lists[axis], np.arange(size)) if isinstance(size, int) else False

    counted = [axis for axis in order[:count] if not is_whole(axis)]
    order = [*counted, *(axis for axis in order if axis not in counted)]
    grid = np.meshgrid(*(lists[axis] for axis in counted), indexing="ij")
    array = np.stack(grid, axis=-1) if counted else np.zeros((1, 0), int)
    return transposed(data, order), array, transposed(updates, order), order


def _with_rows(
    builder: Any, node: Any, data: Any, rows: np.ndarray, updates: Any, combine: Callable | None
) -> Any:
    """The rows of `data` with these numbers replaced by the updates, or combined with them."""
    size, first = data.dims[0], int(rows[0])
    end = first + rows.size
    if combine is None and np.array_equal(rows, np.arange(first, end)):
        pieces = [
            sliced(data, 0, start, stop, 1, builder) if part is data else part
            for part, start, stop in ((data, 0, first), (updates, 0, 1), (data, end, size))
            if start != stop
        ]
        if len(pieces) == 1 or all(isinstance(piece, Tensor) for piece in pieces):
            return joined(builder, node, pieces, 0) if len(pieces) > 1 else pieces[0]
    for places in _rounds(rows, keep_last=combine is None):
        index, mask = np.zeros(size, np.int32), np.zeros(size, bool)
        index[list(places)], mask[list(places)] = list(places.values()), True
        new = updates if rows.size == 1 else taken(updates, 0, index, builder)
        if combine is not None:
            new = _each(combine, [data, new], builder)
        if not mask.all():
            is_new = Constant.of(mask.reshape(-1, *[1] * (len(data.dims) - 1)))
            new = _each(ops.where, [is_new, new, data], builder)
        data = new
    return data


def _rounds(rows: np.ndarray, keep_last: bool) -> list[dict[int, int]]:
    """Which update each row gets; again and again where rows are named more than once."""
    rounds: list[dict[int, int]] = [{}]
    for place, row in enumerate(rows.tolist()):
        free = [places for places in rounds if keep_last or row not in places]
        if not free:
            free = [{}]
            rounds += free
        free[0][row] = place
    return rounds


def _each(function: Callable, values: list[Any], builder: Any) -> Tensor:
    operands, like = aligned(values, builder.batch)
    return Tensor(function(*operands), like.layout, like.axes)


def _scattered(data: Any, indices: Tensor, updates: Any, reduction: str, builder: Any) -> Tensor:
    """The same with indices that are known when the model runs."""
    count = indices.dims[-1]
    if isinstance(count, Dim) or any(isinstance(size, Dim) for size in data.dims[:count]):
        raise ValueError(
            f"its indices are computed, and the axes of {data.dims} that they count are open. "
            "Export the model with fixed sizes there."
        )
    lead = math.prod(indices.dims[:-1])
    sizes = np.array(data.dims[:count], np.int32)
    numbers = _as_in_file(reshaped(indices, [lead, count], builder))
    numbers = ops.where(ops.less(numbers, 0), ops.add(numbers, sizes), numbers)
    updates = _as_in_file(reshaped(updates, [lead, *data.dims[count:]], builder))
    groups: list[Group] = (
        list(data.axes) if isinstance(data, Tensor) else [(Atom(n),) for n in data.dims]
    )
    how = {} if reduction == "none" else {"reduction": reduction}
    if how and "reduction" not in inspect.signature(ops.scatter_update).parameters:
        raise ValueError(
            f"its reduction {reduction!r} at computed indices needs Keras 3.14 or newer, this is "
            f"{keras.__version__}. Install a newer Keras."
        )
    return Tensor(ops.scatter_update(_as_in_file(data), numbers, updates, **how), groups, groups)


def _as_in_file(value: Any) -> Any:
    """The Keras tensor with the axes of the file."""
    if isinstance(value, Tensor):
        return arranged(value, value.axes)
    if not value.is_plain:
        raise ValueError("a part of it is repeated an open number of times.")
    return ops.convert_to_tensor(value.array.astype(keras_dtype(value.array.dtype)))
