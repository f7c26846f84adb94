"""Ranges along axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from lrkeras.importers.onnx.dim import Dim, Size
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Atom, Constant, Group, Stack, Tensor, Value, along

FAR = 2**31 - 1
"""Where the end is meant."""


@operator(Slice="nothing for the last step of a recurrent layer, else an index of the tensor")
def slices(builder: Any, node: Any) -> Value:
    """A range along axes."""
    value = builder.raw(node, 0)
    starts, ends = (builder.numbers(node, i, name) for i, name in ((1, "starts"), (2, "ends")))
    rank = 3 if isinstance(value, Stack) else len(value.dims)
    axes = builder.numbers(node, 3, "axes") or list(range(len(starts)))
    steps = builder.numbers(node, 4, "steps") or [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        value = sliced(value, int(axis) % rank, start, end, int(step), builder)
    return value


@operator(Split="indexes of the tensor")
def split(builder: Any, node: Any) -> list[Value]:
    """Parts in a row."""
    value = builder.raw(node, 0)
    rank = 3 if isinstance(value, Stack) else len(value.dims)
    axis = node.attribute("axis", 0) % rank
    size = len(value.parts) if isinstance(value, Stack) and axis == 0 else value.dims[axis]
    sizes = builder.numbers(node, 1, "split")
    if sizes is None:
        count = node.attribute("num_outputs", len(node.outputs))
        each = -(-size // count)
        sizes = [each] * (count - 1) + [size - each * (count - 1)]
    ends = np.cumsum([int(s) for s in sizes])
    return [
        sliced(value, axis, int(end - s), int(end), 1, builder)
        for s, end in zip(sizes, ends, strict=True)
    ]


def sliced(value: Value, axis: int, start: Any, end: Any, step: int, builder: Any) -> Value:
    """A range along one axis."""
    if isinstance(value, Stack):
        if axis == 0:
            return Stack(value.parts[slice(int(start), min(int(end), FAR), step)])
        value = value.joined(builder.batch)
    size = value.dims[axis]
    first, stop, length = _range(start, end, step, size)
    if length == size and step == 1:
        return value
    if isinstance(value, Constant):
        index = (slice(None),) * axis + (slice(first, stop, step),)
        dims = (*value.dims[:axis], length, *value.dims[axis + 1 :])
        return Constant(value.array[index] if not isinstance(size, Dim) else value.array, dims)
    last = value.last
    if last is not None and value.axes[axis] == (last.atom,) and length == 1 and step == 1:
        position = -1 if first == -1 or (not isinstance(size, Dim) and first == size - 1) else first
        if position == last.index:

            def gone(groups: Any) -> list[Group]:
                return [() if group == (last.atom,) else group for group in groups]

            layout = [group for group in value.layout if group != (last.atom,)]
            return Tensor(last.read, layout, gone(value.axes))
    x, layout, place = along(value, axis, builder)
    if length == 1 and place > 0:  # Keras does not know that a slice to the end has one entry
        y = x[(slice(None),) * place + (first or 0,)]
        axes = [*value.axes[:axis], (), *value.axes[axis + 1 :]]
        return Tensor(y, [*layout[:place], *layout[place + 1 :]], axes)
    new: Group = (Atom(length),) if length != 1 else ()
    if step < 0:  # PyTorch's tensors have no steps backwards
        x, step = ops.flip(x, axis=place), -step
        if not isinstance(size, Dim):
            first = size - 1 - (first or 0)
            stop = None if stop is None else size - 1 - stop
    if (first or 0, stop, step) != (0, None, 1):
        x = x[(slice(None),) * place + (slice(first, stop, step),)]
    return Tensor(
        x,
        [*layout[:place], new, *layout[place + 1 :]],
        [*value.axes[:axis], new, *value.axes[axis + 1 :]],
    )


def _range(start: Any, end: Any, step: int, size: Size) -> tuple[int | None, int | None, Size]:
    """The bounds of a slice, as Python takes them, and how many entries it has."""
    if isinstance(size, Dim):
        if step not in (1, -1):
            raise ValueError(
                f"it takes every {abs(step)}th entry of an axis of open size. Export the model "
                "with a fixed size there."
            )
        if step == -1:
            if start in (-1, FAR) or start > FAR:
                return None, None, size
            raise ValueError("it reverses a part of an axis of open size.")
        if isinstance(start, Dim) or isinstance(end, Dim):
            start = start - size if isinstance(start, Dim) else start
            end = FAR if isinstance(end, Dim) and end == size else end
            end = end - size if isinstance(end, Dim) else end
            if isinstance(start, Dim) or isinstance(end, Dim):
                raise ValueError("its bounds are open sizes other than that of its axis.")
        start, end = int(start), min(int(end), FAR)
        if end == FAR:
            return (start or None), None, (-start if start < 0 else size - start)
        if (start < 0) == (end < 0):
            return start, end, max(end - start, 0)
        if end < 0:
            return (start or None), end, size + end - start
        raise ValueError("it counts from the end of an axis of open size to its start.")
    if isinstance(start, Dim) or isinstance(end, Dim):
        raise ValueError("its bounds are open sizes, and its axis has a fixed one.")
    first, stop, by = slice(int(start), int(end), step).indices(size)
    length = len(range(first, stop, by))
    return first, (None if stop < 0 else stop), length
