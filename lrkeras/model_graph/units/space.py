"""What lies along an axis of a tensor or weight."""

from __future__ import annotations

from collections.abc import Sequence


class Space:
    """Places along an axis that stay or go together, wherever in a model they turn up.

    Spaces that have to go together are merged: they are one from then on.

    Args:
        width: How many places.
        name: Of the units that lie there, if they are any.
        reason: Why they have to stay, or `None` if they may go.
    """

    def __init__(self, width: int, name: str | None = None, reason: str | None = None):
        self.width = width
        self._names = [] if name is None else [name]
        self._reason = reason
        self._parent: Space | None = None

    @property
    def root(self) -> Space:
        """The space that stands for all that were merged with this one."""
        return self if self._parent is None else self._parent.root

    @property
    def names(self) -> list[str]:
        """Names of all units that were merged here."""
        return self.root._names

    @property
    def reason(self) -> str | None:
        """Why the units have to stay, or `None`."""
        return self.root._reason

    def pin(self, reason: str, replaces: bool = False) -> None:
        """Makes the units stay; the first reason counts, unless another replaces it."""
        if self.root._reason is None or replaces:
            self.root._reason = reason

    def merge(self, other: Space) -> None:
        """Makes two spaces of the same width one."""
        first, second = self.root, other.root
        if first is second:
            return
        first._names += [name for name in second._names if name not in first._names]
        if first._reason is None:
            first._reason = second._reason
        second._parent = first


Axis = list[Space]


def width_of(axis: Axis) -> int:
    """How many places lie along an axis."""
    return sum(space.width for space in axis)


def pin_all(axes: Sequence[Axis], reason: str) -> None:
    """Makes the units along some axes stay."""
    for axis in axes:
        for space in axis:
            space.pin(reason)


def merge_axes(axes: Sequence[Axis], reason: str) -> Axis:
    """Makes what lies at the same place of several axes go together.

    Args:
        axes: At least one.
        reason: Why all have to stay if their spaces do not lie at the same places.

    Returns:
        What lies along all of them.
    """
    first, *others = axes
    for other in others:
        if [s.width for s in other] != [s.width for s in first]:
            pin_all(axes, reason)
            return first if len(first) >= len(other) else other
        for mine, theirs in zip(first, other, strict=True):
            mine.merge(theirs)
    return first
