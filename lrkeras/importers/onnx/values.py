"""What a name of an ONNX graph stands for while its Keras model is built."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.dim import Dim, Size, product


@dataclasses.dataclass(eq=False)
class Atom:
    """A piece of an axis that stays together: axes of a file and of Keras are made of atoms.

    Attributes:
        size: Its size.
        origin: Input of the file and the number of its axis that it is, or None.
    """

    size: Size
    origin: tuple[str, int] | None = None


Group = tuple[Atom, ...]
"""The atoms of an axis, outermost first; none for an axis of size one."""


@dataclasses.dataclass(frozen=True)
class LastStep:
    """The result of a recurrent layer at the end of its sequence, beside the sequence itself.

    Attributes:
        atom: The time axis.
        index: Where in the sequence it stands: -1, or 0 for one that runs backwards.
        read: Gives the Keras tensor, which has no time axis.
    """

    atom: Atom
    index: int
    read: Callable[[], Any]


class Tensor:
    """A Keras tensor, and the order and shape in which the file sees it.

    Transposing, squeezing and reshaping change `axes` alone. Operators are run on the Keras tensor
    as it lies wherever they can be, so that the wrapping of time-major operators vanishes.

    Args:
        read: Gives the Keras tensor, and so takes note that somebody needs it.
        layout: Atoms of each axis of the Keras tensor.
        axes: Atoms of each axis in the file.
        last: The end of a recurrent sequence, or None.
    """

    def __init__(
        self,
        read: Any,
        layout: Sequence[Group],
        axes: Sequence[Group],
        last: LastStep | None = None,
    ):
        self.read: Callable[[], Any] = read if callable(read) else lambda: read
        self.layout, self.axes = tuple(layout), tuple(axes)
        self.last = last

    @property
    def dims(self) -> tuple[Size, ...]:
        """The shape in the file."""
        return tuple(size_of(group) for group in self.axes)

    def seen_as(self, axes: Sequence[Group]) -> Tensor:
        """The same tensor with other axes."""
        return Tensor(self.read, self.layout, axes, self.last)

    def replaced(self, old: Atom, new: Group) -> Tensor:
        """The same tensor with an atom split into others, or renamed."""
        layout, axes = (
            [tuple(x for a in group for x in (new if a is old else (a,))) for group in groups]
            for groups in (self.layout, self.axes)
        )
        last = self.last
        if last is not None and last.atom is old:
            last = dataclasses.replace(last, atom=new[0]) if len(new) == 1 else None
        return Tensor(self.read, layout, axes, last)

    def refreshed(self) -> Tensor:
        """The same tensor with atoms of its own, to stand beside itself in an operator."""
        tensor = self
        for atom in flat(self.axes):
            tensor = tensor.replaced(atom, (Atom(atom.size, atom.origin),))
        return tensor


@dataclasses.dataclass
class Constant:
    """Numbers known without running the model.

    Attributes:
        array: NumPy array; of objects where open sizes are among its entries. It has size one
            along axes of open size, which it repeats.
        dims: Shape in the file.
    """

    array: np.ndarray
    dims: tuple[Size, ...]

    @staticmethod
    def of(array: Any) -> Constant:
        """A constant of known shape."""
        array = np.asarray(array)
        return Constant(array, array.shape)

    @property
    def is_plain(self) -> bool:
        """Whether nothing about it is open."""
        return self.array.dtype != object and not any(isinstance(d, Dim) for d in self.dims)


@dataclasses.dataclass
class Stack:
    """Tensors along a first axis: the states of layers and directions, each a tensor in Keras."""

    parts: list[Tensor]

    def joined(self, batch: Size) -> Tensor:
        """All of them as one tensor."""
        if len(self.parts) == 1:
            part = self.parts[0]
            return part.seen_as([(), *part.axes])
        layout = own_layout(self.parts[0], batch)
        first = self.parts[0]
        mapped = [first, *(renamed(part, first.axes) for part in self.parts[1:])]
        atom = Atom(len(mapped))
        stacked = ops.stack([arranged(part, layout) for part in mapped], axis=1)
        return Tensor(stacked, [layout[0], (atom,), *layout[1:]], [(atom,), *first.axes])


Value = Tensor | Constant | Stack


def size_of(group: Group) -> Size:
    """Size of an axis."""
    return product(atom.size for atom in group)


def flat(groups: Sequence[Group]) -> list[Atom]:
    """The atoms of all axes in a row."""
    return [atom for group in groups for atom in group]


def own_layout(tensor: Tensor, batch: Size) -> list[Group]:
    """Axes as in the file, the batch first and without axes of size one."""
    return batch_first([group for group in tensor.axes if group], batch)


def batch_first(groups: Sequence[Group], batch: Size) -> list[Group]:
    """The groups with that of the batch, if there is one, in front."""
    first = [g for g in groups if g and g[0].size == batch and isinstance(batch, Dim)][:1]
    return [*first, *(g for g in groups if not (first and g is first[0]))]


def unit_batch_first(groups: Sequence[Group]) -> list[Group]:
    """The groups with the first of size one in front, or with a new one."""
    place = next((i for i, group in enumerate(groups) if not group), len(groups))
    return [(), *groups[:place], *groups[place + 1 :]]


def renamed(tensor: Tensor, axes: Sequence[Group]) -> Tensor:
    """The tensor with the atoms of axes of the same sizes in place of its own."""
    for old, new in zip(flat(tensor.axes), flat(axes), strict=True):
        tensor = tensor.replaced(old, (new,))
    return tensor


def arranged(tensor: Tensor, layout: Sequence[Group]) -> Any:
    """The Keras tensor with these axes, transposed and reshaped only where it must be."""
    x, groups = tensor.read(), list(tensor.layout)
    wanted = [group for group in layout if group]
    if [g for g in groups if g] != wanted:
        order = flat(wanted)
        if flat(groups) != order:
            x, groups = _split(x, groups, wanted)
            x, groups = _transposed(x, groups, order)
        if [g for g in groups if g] != wanted:
            x, groups = reshaped_array(x, groups, wanted), wanted
    return _with_ones(x, groups, layout)


def along(tensor: Tensor, axis: int, builder: Any) -> tuple[Any, list[Group], int]:
    """The Keras tensor with an axis of the file as one of its own, and where that is."""
    layout = list(tensor.layout)
    group = tensor.axes[axis]
    if not group or group not in layout:
        layout = own_layout(tensor, builder.batch)
        if not group:
            layout = [*layout[:1], (), *layout[1:]]
            return arranged(tensor, layout), layout, 1
    return arranged(tensor, layout), layout, layout.index(group)


def _split(x: Any, groups: list[Group], wanted: list[Group]) -> tuple[Any, list[Group]]:
    """Cuts axes into the runs of atoms that stay together."""
    order = flat(wanted)
    following = dict(zip(map(id, order), order[1:], strict=False))
    pieces: list[Group] = []
    for group in groups:
        run: list[Atom] = []
        for atom in group:
            if run and following.get(id(run[-1])) is not atom:
                pieces.append(tuple(run))
                run = []
            run.append(atom)
        pieces.append(tuple(run))
    pieces = [piece for piece in pieces if piece]
    return (x, groups) if pieces == groups else (reshaped_array(x, groups, pieces), pieces)


def _transposed(x: Any, groups: list[Group], order: list[Atom]) -> tuple[Any, list[Group]]:
    places = {id(atom): place for place, atom in enumerate(order)}
    kept = sorted(range(len(groups)), key=lambda i: places[id(groups[i][0])] if groups[i] else -1)
    if kept == list(range(len(groups))):
        return x, groups
    if kept[0] == 0:
        return layers.Permute(kept[1:])(x), [groups[i] for i in kept]
    return ops.transpose(x, kept), [groups[i] for i in kept]


def reshaped_array(x: Any, before: Sequence[Group], groups: Sequence[Group]) -> Any:
    """A Keras array whose axes `before` become `groups`, in the order of their entries."""
    sizes = [size_of(group) for group in groups]
    shape = [-1 if isinstance(size, Dim) else size for size in sizes]
    keeps_batch = bool(shape) and bool(before) and before[0] == groups[0] and x.shape[0] is None
    if shape[1:].count(-1) <= 1 and keeps_batch:
        return layers.Reshape(shape[1:])(x)
    if shape.count(-1) > 1:
        raise ValueError(
            f"An array of shape {tuple(sizes)} has more than one open size beside the batch, which "
            "a Keras model cannot reshape to. Export the model with a fixed length."
        )
    return ops.reshape(x, shape)


def _with_ones(x: Any, groups: Sequence[Group], layout: Sequence[Group]) -> Any:
    if list(groups) == list(layout):
        return x
    ones = tuple(i for i, group in enumerate(groups) if not group)
    if ones:
        x = ops.squeeze(x, axis=ones)
    for place, group in enumerate(layout):
        if not group:
            x = ops.expand_dims(x, place)
    return x
