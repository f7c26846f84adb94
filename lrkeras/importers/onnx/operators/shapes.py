"""Operators that change the shape alone: nothing is left of most of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from lrkeras.importers.onnx.dim import Dim, Size, product, quotient
from lrkeras.importers.onnx.graph_inputs import keras_dtype
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import (
    Atom,
    Constant,
    Group,
    Stack,
    Tensor,
    Value,
    arranged,
    flat,
    own_layout,
    reshaped_array,
)
from lrkeras.system.optional_imports import require


@operator(Identity="nothing", Dropout="nothing: it does nothing at inference")
def identity(builder: Any, node: Any) -> Value:
    """The value itself."""
    return builder.raw(node, 0)


@operator(Shape="nothing: sizes are followed while the model is built")
def shape(builder: Any, node: Any) -> Constant:
    """The sizes, open ones by name."""
    value = builder.value(node, 0)
    dims = list(value.dims)[node.attribute("start", 0) : node.attribute("end")]
    known = not any(isinstance(d, Dim) for d in dims)
    array = np.empty(len(dims), np.int64 if known else object)
    array[:] = dims
    return Constant(array, array.shape)


@operator(Size="nothing: sizes are followed while the model is built")
def size(builder: Any, node: Any) -> Constant:
    """The number of entries."""
    array = np.empty((), object)
    array[()] = product(builder.value(node, 0).dims)
    return Constant(array, ())


@operator(Cast="keras.ops.cast, or nothing where the type stays", CastLike="keras.ops.cast")
def cast(builder: Any, node: Any) -> Value:
    """Another type."""
    value = builder.raw(node, 0)
    if isinstance(value, Constant) or node.op == "CastLike":
        if isinstance(value, Constant):
            return value
        like = builder.raw(node, 1)
        name = like.array.dtype.name if isinstance(like, Constant) else like.read().dtype
    else:
        helper = require("onnx.helper", "onnx")
        name = helper.tensor_dtype_to_np_dtype(node.attribute("to")).name
    if name in ("float64", "float16", "bfloat16"):
        builder.note_cast(node, name)
        name = "float32"
    name = keras_dtype(name)
    if isinstance(value, Stack):
        return value
    tensor: Tensor = value
    current = tensor.read().dtype
    same = current == name or (current in ("int32", "int64") and name.startswith("int"))
    if same:
        return tensor
    return Tensor(ops.cast(tensor.read(), name), tensor.layout, tensor.axes)


@operator(Transpose="nothing, or keras.layers.Permute where an operator needs another order")
def transpose(builder: Any, node: Any) -> Value:
    """Another order of the axes."""
    value = builder.value(node, 0)
    return transposed(value, node.attribute("perm") or list(range(len(value.dims)))[::-1])


def transposed(value: Tensor | Constant, order: list[int]) -> Tensor | Constant:
    """A value with its axes in another order."""
    if isinstance(value, Constant):
        return Constant(value.array.transpose(order), tuple(value.dims[i] for i in order))
    return value.seen_as([value.axes[i] for i in order])


@operator(Squeeze="nothing")
def squeeze(builder: Any, node: Any) -> Value:
    """Fewer axes of size one."""
    raw = builder.raw(node, 0)
    axes = _axes(builder, node)
    if isinstance(raw, Stack) and len(raw.parts) == 1 and axes and set(axes) <= {0, -3}:
        return raw.parts[0]
    value = builder.value(node, 0)
    rank = len(value.dims)
    if axes is None:
        axes = [i for i, d in enumerate(value.dims) if d == 1]
    gone = {axis % rank for axis in axes}
    wrong = [axis for axis in gone if value.dims[axis] != 1]
    if wrong:
        raise ValueError(f"its axis {wrong[0]} has the size {value.dims[wrong[0]]}, and not 1.")
    kept = [i for i in range(rank) if i not in gone]
    return _with_axes(value, [value.dims[i] for i in kept], lambda axes: [axes[i] for i in kept])


@operator(Unsqueeze="nothing")
def unsqueeze(builder: Any, node: Any) -> Value:
    """More axes of size one."""
    value = builder.value(node, 0)
    axes = _axes(builder, node) or []
    rank = len(value.dims) + len(axes)
    new = {axis % rank for axis in axes}

    def inserted(items: Any, one: Any) -> list[Any]:
        rest = iter(items)
        return [one if i in new else next(rest) for i in range(rank)]

    return _with_axes(value, inserted(value.dims, 1), lambda axes: inserted(axes, ()))


@operator(Flatten="nothing, or keras.layers.Reshape")
def flatten(builder: Any, node: Any) -> Value:
    """Two axes."""
    value = builder.value(node, 0)
    axis = node.attribute("axis", 1) % (len(value.dims) + 1)
    return reshaped(value, [product(value.dims[:axis]), product(value.dims[axis:])], builder)


@operator(Reshape="nothing, or keras.layers.Reshape")
def reshape(builder: Any, node: Any) -> Value:
    """Other axes."""
    value = builder.value(node, 0)
    target = list(builder.constant(node, 1))
    if not node.attribute("allowzero", 0):
        target = [value.dims[i] if t == 0 else t for i, t in enumerate(target)]
    target = [t if isinstance(t, Dim) else int(t) for t in target]
    return reshaped(value, target, builder)


@operator(Expand="nothing, or keras.ops.repeat")
def expand(builder: Any, node: Any) -> Value:
    """Axes of size one repeated."""
    value = builder.value(node, 0)
    wanted = list(builder.constant(node, 1))
    rank = max(len(wanted), len(value.dims))
    wanted = [1] * (rank - len(wanted)) + wanted
    dims = [1] * (rank - len(value.dims)) + list(value.dims)
    result = tuple(d if w in (1, -1) else w for d, w in zip(dims, wanted, strict=True))
    if isinstance(value, Constant):
        array = value.array.reshape((1,) * (rank - value.array.ndim) + value.array.shape)
        full = [a if isinstance(d, Dim) else d for a, d in zip(array.shape, result, strict=True)]
        return Constant(np.broadcast_to(array, full), result)
    tensor = value.seen_as([()] * (rank - len(value.axes)) + list(value.axes))
    return repeated(
        tensor, [r if d != r else 1 for d, r in zip(dims, result, strict=True)], builder
    )


@operator(Tile="keras.ops.repeat")
def tile(builder: Any, node: Any) -> Value:
    """Axes repeated."""
    counts: list[Size] = [int(count) for count in builder.constant(node, 1)]
    return repeated(builder.tensor(node, 0), counts, builder)


def repeated(tensor: Tensor, counts: list[Size], builder: Any) -> Tensor:
    """Repeats axes of size one."""
    for axis, count in enumerate(counts):
        if count == 1:
            continue
        if isinstance(count, Dim):
            if count == builder.batch and tensor.dims[axis] == 1:
                continue  # what is the same for every sequence broadcasts
            raise ValueError(
                f"it repeats an axis {count} times, which is an open size. Export the model with a "
                "fixed size there."
            )
        groups = own_layout(tensor, builder.batch)
        if tensor.axes[axis]:
            place = next(i for i, group in enumerate(groups) if group is tensor.axes[axis])
            x = ops.concatenate([arranged(tensor, groups)] * count, axis=place)
            new: Group = (Atom(tensor.dims[axis] * count),)
            groups[place] = new
        else:
            place = min(1, len(groups))
            x = arranged(tensor, [*groups[:place], (), *groups[place:]])
            x = ops.repeat(x, int(count), axis=place)
            new = (Atom(count),)
            groups = [*groups[:place], new, *groups[place:]]
        axes = list(tensor.axes)
        axes[axis] = new
        tensor = Tensor(x, groups, axes)
    return tensor


def reshaped(value: Tensor | Constant, target: list[Size], builder: Any) -> Tensor | Constant:
    """A value with these sizes, one of which may be -1."""
    total = product(value.dims)
    target = _with_batch(value, target, builder)
    if -1 in target:
        rest = quotient(total, product(t for t in target if t != -1))
        if rest is None:
            raise ValueError(
                f"an array of shape {value.dims} cannot become {tuple(target)} for every open size."
            )
        target = [rest if t == -1 else t for t in target]
    if isinstance(value, Constant):
        if value.array.size != 1 and any(isinstance(d, Dim) for d in value.dims):
            raise ValueError("it reshapes numbers that are repeated an open number of times.")
        sizes = [1 if isinstance(t, Dim) else t for t in target]
        known = value.array if value.array.size == product(sizes) else None
        array = np.full(sizes, value.array.item()) if known is None else known.reshape(sizes)
        return Constant(array, tuple(target))
    regrouped = _regrouped(value, target)
    if regrouped is not None:
        return regrouped
    layout = [group for group in value.axes if group]
    x = arranged(value, layout)
    same = bool(target) and bool(layout) and target[0] == layout[0][0].size and len(layout[0]) == 1
    groups: list[Group] = [(Atom(t),) if t != 1 else () for t in target]
    if same:
        groups[0] = layout[0]
    x = reshaped_array(x, layout, [group for group in groups if group])
    return Tensor(x, [group for group in groups if group], groups)


def _with_batch(value: Tensor | Constant, target: list[Size], builder: Any) -> list[Size]:
    """Puts the open batch where the file has the number that it was exported with."""
    batch, fixed = builder.batch, builder.plan.fixed_batch
    if fixed is None or not isinstance(batch, Dim) or batch in target or batch not in value.dims:
        return target
    before = product(value.dims[: value.dims.index(batch)])
    places = [i for i, size in enumerate(target) if size == fixed]
    exact = [i for i in places if -1 not in target[:i] and product(target[:i]) == before]
    for place in (exact or places)[:1]:
        return [*target[:place], batch, *target[place + 1 :]]
    return target


def _regrouped(tensor: Tensor, target: list[Size]) -> Tensor | None:
    """The same tensor with its axes cut and joined anew, or None if that is no way to see it."""
    queue = flat(tensor.axes)
    groups: list[Group] = []
    for size in target:
        group: list[Atom] = []
        left: Size = size
        while left != 1:
            if not queue:
                return None
            atom = queue[0]
            rest = quotient(left, atom.size)
            if rest is not None:
                group.append(queue.pop(0))
                left = rest
                continue
            rest = quotient(atom.size, left)
            if rest is None:
                return None
            pieces = (Atom(left), Atom(rest))
            tensor = tensor.replaced(atom, pieces)
            group.append(pieces[0])
            queue[0] = pieces[1]
            left = 1
        groups.append(tuple(group))
    return None if queue else tensor.seen_as(groups)


def _axes(builder: Any, node: Any) -> list[int] | None:
    axes = builder.constant(node, 1) if node.has(1) else node.attribute("axes")
    return None if axes is None else [int(axis) for axis in axes]


def _with_axes(value: Any, dims: list[Size], change: Any) -> Value:
    if isinstance(value, Constant):
        sizes = [1 if isinstance(d, Dim) else d for d in dims]
        return Constant(value.array.reshape(sizes), tuple(dims))
    return value.seen_as(change(value.axes))
