"""Entries of arrays, and arrays made of parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.broadcasting import refined
from lrkeras.importers.onnx.dim import Dim
from lrkeras.importers.onnx.operators.slices import FAR, sliced
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import (
    Atom,
    Constant,
    Group,
    Stack,
    Tensor,
    Value,
    along,
    arranged,
    batch_first,
    flat,
    own_layout,
)


@operator(
    Gather="keras.layers.Embedding for ids and a table, nothing for the last step of a recurrent "
    "layer, else an index of the tensor or keras.ops.take"
)
def gather(builder: Any, node: Any) -> Value:
    """Entries by number."""
    value, index = builder.raw(node, 0), builder.raw(node, 1)
    axis = node.attribute("axis", 0)
    if isinstance(value, Constant):
        return _looked_up(builder, node, value, index, axis)
    if not isinstance(index, Constant):
        raise ValueError("its indices are computed, and what they index too. Use constant indices.")
    rank = 3 if isinstance(value, Stack) else len(value.dims)
    axis %= rank
    if index.array.ndim == 0 or index.array.size == 1:
        number = index.array.item()
        one: Any = sliced(value, axis, number, FAR if number == -1 else number + 1, 1, builder)
        if index.array.ndim == 1:
            return one
        if isinstance(one, Stack):
            return (
                one.parts[0] if index.array.ndim == 0 and axis == 0 else one.joined(builder.batch)
            )
        axes = [g for i, g in enumerate(one.axes) if i != axis]
        extra = [()] * index.array.ndim
        return one.seen_as([*axes[:axis], *extra, *axes[axis:]])
    if index.array.ndim == 1 and isinstance(value, Stack) and axis == 0:
        return Stack([value.parts[i] for i in index.array])
    tensor = value.joined(builder.batch) if isinstance(value, Stack) else value
    return taken(tensor, axis, index.array, builder)


@operator(Concat="keras.layers.Concatenate; nothing for states of several layers")
def concat(builder: Any, node: Any) -> Value:
    """Parts one after the other."""
    raws = [builder.raw(node, i) for i in range(len(node.inputs))]
    rank = 3 if isinstance(raws[0], Stack) else len(raws[0].dims)
    axis = node.attribute("axis", 0) % rank
    parts = _state_parts(raws) if axis == 0 and rank == 3 else None
    if parts is not None:
        return Stack(parts)
    values = [builder.value(node, i) for i in range(len(node.inputs))]
    values = [v for v in values if v.dims[axis] != 0] or values
    if all(isinstance(value, Constant) for value in values):
        raise ValueError("it joins sizes that the file leaves open.")
    return joined(builder, node, values, axis)


def joined(builder: Any, node: Any, values: list[Any], axis: int) -> Tensor:
    """Values, at least one of them a tensor, one after the other along an axis."""
    rank = len(values[0].dims)
    tensors = [_as_tensor(v, values, axis) for v in values]
    lead = tensors[0]
    axes: list[Group] = list(lead.axes)
    for place in range(rank):
        if place == axis:
            continue
        for i in range(1, len(tensors)):
            if bool(axes[place]) != bool(tensors[i].axes[place]):
                raise ValueError(f"its inputs have the shapes {[t.dims for t in tensors]}.")
            lead, tensors[i] = refined(lead, tensors[i], place)
    tensors[0] = lead
    for i in range(1, len(tensors)):
        for place in (p for p in range(rank) if p != axis):
            for old, new in zip(tensors[i].axes[place], lead.axes[place], strict=True):
                tensors[i] = tensors[i].replaced(old, (new,))
    new_atom = (Atom(sum((t.dims[axis] for t in tensors[1:]), tensors[0].dims[axis])),)
    layout = _layout_with(lead, axis, builder)
    place = next(i for i, group in enumerate(layout) if group is None)
    operands = [arranged(t, [t.axes[axis] if g is None else g for g in layout]) for t in tensors]
    last = place == len(layout) - 1
    name = builder.name(node)
    joined = (
        layers.Concatenate(axis=-1 if last else place, name=name)(operands)
        if len(operands) > 1
        else operands[0]
    )
    return Tensor(
        joined,
        [new_atom if g is None else g for g in layout],
        [new_atom if i == axis else g for i, g in enumerate(lead.axes)],
    )


@operator(Pad="keras.layers.ZeroPadding, the padding of the convolution after it, or keras.ops.pad")
def pad(builder: Any, node: Any) -> Tensor | None:
    """Entries before and after."""
    x = builder.tensor(node, 0)
    pads = [int(p) for p in builder.numbers(node, 1, "pads")]
    value = builder.constant(node, 2)
    value = float(node.attribute("value", 0.0) if value is None else np.asarray(value).item())
    mode = node.attribute("mode", "constant")
    axes = builder.numbers(node, 3, "no such attribute")
    rank = len(x.dims)
    places = [int(a) % rank for a in axes] if axes else list(range(rank))
    half = len(pads) // 2
    by_axis = {p: (pads[i], pads[i + half]) for i, p in enumerate(places)}
    widths = [by_axis.get(i, (0, 0)) for i in range(rank)]
    if all(width == (0, 0) for width in widths):
        return x
    readers = builder.consumers.get(node.outputs[0], [])
    plain = mode == "constant" and value == 0 and not any(map(any, widths[:2]))
    plain = plain and min(pads) >= 0 and node.outputs[0] not in builder.output_names
    if (
        plain
        and readers
        and all(r.op == "Conv" and r.inputs[0] == node.outputs[0] for r in readers)
    ):
        builder.pads[node.outputs[0]] = (x, widths[2:])
        return None
    for axis, (before, after) in enumerate(widths):
        if before < 0 or after < 0:
            size = x.dims[axis]
            x = sliced(x, axis, max(-before, 0), size - max(-after, 0), 1, builder)
    widths = [(max(b, 0), max(a, 0)) for b, a in widths]
    if all(width == (0, 0) for width in widths):
        return x
    layout = own_layout(x, builder.batch)
    for axis, width in enumerate(widths):
        if any(width) and not x.axes[axis]:
            raise ValueError("it pads an axis of size one.")
    groups = [x.axes.index(group) for group in layout]
    result_axes = [
        (Atom(size + b + a),) if b or a else group
        for group, size, (b, a) in zip(x.axes, x.dims, widths, strict=True)
    ]
    modes = {"constant": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}
    extra = {"constant_values": value} if mode == "constant" else {}
    y = ops.pad(arranged(x, layout), [widths[i] for i in groups], mode=modes[mode], **extra)
    return Tensor(y, [result_axes[i] for i in groups], result_axes)


def taken(tensor: Tensor | Constant, axis: int, index: np.ndarray, builder: Any) -> Value:
    """Entries along an axis by their numbers."""
    if isinstance(tensor, Constant):
        dims = (*tensor.dims[:axis], *index.shape, *tensor.dims[axis + 1 :])
        return Constant(np.take(tensor.array, index, axis=axis), dims)
    x, layout, place = along(tensor, axis, builder)
    groups: list[Group] = [(Atom(n),) if n != 1 else () for n in index.shape]
    size = tensor.dims[axis]
    array = np.asarray(index, np.int32)
    if not isinstance(size, Dim):
        array = np.where(array < 0, array + size, array)
    return Tensor(
        ops.take(x, array.reshape(-1), axis=place),
        [*layout[:place], tuple(flat(groups)), *layout[place + 1 :]],
        [*tensor.axes[:axis], *groups, *tensor.axes[axis + 1 :]],
    )


def _looked_up(builder: Any, node: Any, table: Constant, index: Any, axis: int) -> Tensor:
    if isinstance(index, Constant):
        raise ValueError("it looks up an open size.")
    if isinstance(index, Stack):
        index = index.joined(builder.batch)
    builder.note_rows(node.inputs[1], table.array.shape[axis])
    if axis == 0 and table.array.ndim == 2 and table.array.dtype == np.float32:
        rows, width = table.array.shape
        layer = layers.Embedding(rows, width, name=builder.name(node))
        result = layer(index.read())
        layer.set_weights([table.array])
        new: Group = (Atom(width),) if width != 1 else ()
        return Tensor(result, [*index.layout, new], [*index.axes, new])
    if axis != 0:
        raise ValueError("it looks up along an axis other than the first. Transpose the table.")
    rest: list[Group] = [(Atom(size),) for size in table.array.shape[1:]]
    taken = ops.take(ops.convert_to_tensor(table.array), index.read(), axis=0)
    return Tensor(taken, [*index.layout, *rest], [*index.axes, *rest])


def _state_parts(raws: list[Any]) -> list[Tensor] | None:
    """The parts of a stack of states, if all inputs are states of one layer each, or stacks."""
    if not any(isinstance(raw, Stack) for raw in raws):
        return None
    parts: list[Tensor] = []
    for raw in raws:
        if isinstance(raw, Stack):
            parts += raw.parts
        elif isinstance(raw, Tensor) and not raw.axes[0]:
            parts.append(raw.seen_as(raw.axes[1:]))
        else:
            return None
    return parts


def _as_tensor(value: Any, values: list[Any], axis: int) -> Tensor:
    """A constant as a tensor, so that it can be joined with others."""
    if isinstance(value, Tensor):
        return value
    like = next(v for v in values if isinstance(v, Tensor))
    array = np.asarray(value.array)
    groups = [
        (Atom(size),) if i == axis else group
        for i, (size, group) in enumerate(zip(array.shape, like.axes, strict=True))
    ]
    known = [i for i, d in enumerate(array.shape) if d != 1 or i == axis]
    if any(isinstance(like.dims[i], Dim) for i in known if i != axis):
        raise ValueError("it joins numbers of a fixed number with an axis of open size.")
    open_axes = [i for i in range(array.ndim) if isinstance(like.dims[i], Dim) and i != axis]
    layout = [group for group in groups if group]
    if not open_axes:
        full: list[Any] = [array.shape[i] if i == axis else like.dims[i] for i in range(array.ndim)]
        full = [f for f, group in zip(full, groups, strict=True) if group]
        squeezed = array.reshape([s for s, g in zip(array.shape, groups, strict=True) if g])
        return Tensor(ops.convert_to_tensor(np.broadcast_to(squeezed, full)), layout, groups)
    # Zeros of the open shape, and the numbers added to them.
    x = arranged(like, [g for g in like.axes if g])
    place = [g for g in like.axes if g].index(like.axes[axis]) if like.axes[axis] else None
    if place is None:
        raise ValueError("it joins numbers along a new axis with an axis of open size.")
    zeros = ops.multiply(x[(slice(None),) * place + (slice(0, 1),)], 0.0)
    shaped = array.reshape([s for s, g in zip(array.shape, like.axes, strict=True) if g])
    order = [g for g in groups if g]
    return Tensor(ops.add(zeros, shaped.astype(np.float32)), order, groups)


def _layout_with(lead: Tensor, axis: int, builder: Any) -> list[Any]:
    """A layout of a tensor with None in place of an axis of the file."""
    group = lead.axes[axis]
    layout: list[Any] = list(lead.layout)
    if group and group in layout:
        return [None if g == group else g for g in layout]
    groups = [None if i == axis else g for i, g in enumerate(lead.axes) if g or i == axis]
    rest = batch_first([g for g in groups if g is not None], builder.batch)
    place = groups.index(None)
    if place == 0 and rest and rest[0] and rest[0][0].size == builder.batch:
        place = 1
    return [*rest[:place], None, *rest[place:]]
