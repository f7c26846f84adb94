"""Operands of an elementwise operator brought to one layout."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrkeras.importers.onnx.dim import Dim, Size, quotient
from lrkeras.importers.onnx.values import (
    Atom,
    Constant,
    Group,
    Tensor,
    arranged,
    batch_first,
    flat,
    renamed,
    size_of,
)


def aligned(values: list[Tensor | Constant], batch: Size) -> tuple[list[Any], Tensor]:
    """Makes operands that Keras broadcasts as the file does.

    Args:
        values: At least one of them a tensor.
        batch: The size of the batch.

    Returns:
        The operands, Keras tensors and arrays, and the tensor that the result looks like.

    Raises:
        ValueError: If the shapes do not fit.
    """
    rank = max(len(value.dims) for value in values)
    tensors = [_padded(value, rank) if isinstance(value, Tensor) else None for value in values]
    tensors = [t if t is None or i == 0 else t.refreshed() for i, t in enumerate(tensors)]
    tensors = _with_common_atoms(tensors, rank)
    axes: list[Group] = []
    for place in range(rank):
        groups = [t.axes[place] for t in tensors if t is not None and t.axes[place]]
        sizes = {_at(v, place, rank) for v in values if isinstance(v, Constant)} - {1}
        axes.append(groups[0] if groups else tuple(Atom(size) for size in sizes))
    lead = max((t for t in tensors if t is not None), key=lambda t: len(flat(t.axes)))
    layout = list(lead.layout)
    if {id(a) for a in flat(layout)} != {id(a) for a in flat(axes)} or _cuts(tensors, layout):
        layout = batch_first([(a,) for a in flat(axes)], batch)
    operands = [
        _operand(tensor, layout, tensor is lead)
        if tensor is not None
        else constant_operand(value, axes, layout)  # type: ignore[arg-type]
        for tensor, value in zip(tensors, values, strict=True)
    ]
    return operands, Tensor(None, layout, axes)


def constant_operand(value: Constant, axes: list[Group], layout: list[Group]) -> Any:
    """A constant that broadcasts against a tensor of these axes and this layout."""
    array = np.asarray(value.array)
    if array.dtype == object:
        raise ValueError(
            "it computes with an open size. Export the model with a fixed size of that axis."
        )
    if array.size == 1:
        return array.item() if array.dtype != bool else bool(array.item())
    array = array.reshape((1,) * (len(axes) - array.ndim) + array.shape)
    shape: list[int] = []
    for size, group in zip(array.shape, axes, strict=True):
        if size == 1:
            shape += [1] * len(group)
            continue
        for atom in group:
            if isinstance(atom.size, Dim):
                raise ValueError(
                    f"a constant has {size} entries along an axis of open size. Export the model "
                    "with a fixed size of that axis."
                )
            shape.append(atom.size)
    order = flat(axes)
    places = {id(atom): place for place, atom in enumerate(order)}
    array = array.reshape(shape).transpose([places[id(atom)] for atom in flat(layout)])
    result: list[int] = []
    done = 0
    for group in layout:
        sizes = array.shape[done : done + len(group)]
        if any(size != 1 for size in sizes):
            full = (
                *array.shape[:done],
                *(a.size for a in group),
                *array.shape[done + len(group) :],
            )
            array = np.broadcast_to(array, full)
        result.append(int(np.prod(array.shape[done : done + len(group)])))
        done += len(group)
    while result and result[0] == 1:
        result = result[1:]
    array = array.reshape(result)
    plain = {"i": np.int32, "f": np.float32}.get(array.dtype.kind, array.dtype)
    return np.ascontiguousarray(array, plain)


def _padded(tensor: Tensor, rank: int) -> Tensor:
    return tensor.seen_as([()] * (rank - len(tensor.axes)) + list(tensor.axes))


def _at(value: Constant, place: int, rank: int) -> Size:
    place -= rank - len(value.dims)
    return 1 if place < 0 else value.array.shape[place]


def _with_common_atoms(tensors: list[Tensor | None], rank: int) -> list[Tensor | None]:
    """Splits the axes of tensors alike, and gives them the same atoms."""
    for place in range(rank):
        used = [i for i, t in enumerate(tensors) if t is not None and t.axes[place]]
        # Twice: a later tensor may split the first, and so the ones in between.
        for i in used[1:] * 2:
            first, second = refined(tensors[used[0]], tensors[i], place)  # type: ignore[arg-type]
            tensors[used[0]], tensors[i] = first, second
        for i in used[1:]:
            for old, new in zip(tensors[i].axes[place], first.axes[place], strict=True):  # type: ignore
                tensors[i] = tensors[i].replaced(old, (new,))  # type: ignore[union-attr]
    return tensors


def refined(a: Tensor, b: Tensor, place: int) -> tuple[Tensor, Tensor]:
    """Splits the atoms of an axis of two tensors until their sizes are the same."""
    if size_of(a.axes[place]) != size_of(b.axes[place]):
        raise ValueError(f"its inputs have the shapes {a.dims} and {b.dims}, which do not fit.")
    at = 0
    while at < len(a.axes[place]):
        x, y = a.axes[place][at], b.axes[place][at]
        if x.size != y.size:
            small, large = (x, y) if quotient(y.size, x.size) is not None else (y, x)
            rest = quotient(large.size, small.size)
            if rest is None:
                raise ValueError(f"its inputs of shapes {a.dims} and {b.dims} were split unlike.")
            pieces = (Atom(small.size), Atom(rest))
            a, b = (a, b.replaced(y, pieces)) if large is y else (a.replaced(x, pieces), b)
        at += 1
    return a, b


def _cuts(tensors: list[Tensor | None], layout: list[Group]) -> bool:
    """Whether a tensor has a part of an axis only."""
    for tensor in tensors:
        own = {id(atom) for atom in flat(tensor.axes)} if tensor is not None else set()
        if own and any(0 < sum(id(a) in own for a in group) < len(group) for group in layout):
            return True
    return False


def _operand(tensor: Tensor, layout: list[Group], is_lead: bool) -> Any:
    own = {id(atom) for atom in flat(tensor.axes)}
    wanted = [group if group and id(group[0]) in own else () for group in layout]
    while wanted and not wanted[0] and not is_lead:
        wanted = wanted[1:]
    return arranged(tensor, wanted)


__all__ = ["aligned", "constant_operand", "refined", "renamed"]
