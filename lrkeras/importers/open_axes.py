"""Which axes of the inputs of a PyTorch module may have any size."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

Axis = tuple[int, int]
"""The number of a tensor, and that of its axis."""


def open_axes(tensors: list[Any], runs: Callable[[list[Any]], bool], torch: Any) -> list[set[Axis]]:
    """Finds the axes that a module takes twice as long, by calling it.

    Axes that must have one size, such as the batch of a sequence and of its states, are found
    together: they have the same size in the examples.

    Args:
        tensors: Examples.
        runs: Whether the module runs on such tensors.
        torch: The package.

    Returns:
        Sets of axes of one size each.
    """
    found: list[set[Axis]] = []
    for number, tensor in enumerate(tensors):
        for axis in range(tensor.dim()):
            if any((number, axis) in group for group in found):
                continue
            for group in _groups(tensors, number, axis):
                if runs(doubled(tensors, group, torch)):
                    # Some modules cut a batch to that of its lengths: it seemed free alone.
                    tied = [other for other in found if other & group]
                    found = [other for other in found if not other & group]
                    found.append(group.union(*tied))
                    break
    return found


def doubled(tensors: list[Any], group: set[Axis], torch: Any) -> list[Any]:
    """The tensors, those in the group twice along their axis."""
    result = list(tensors)
    for number, axis in group:
        result[number] = torch.cat([result[number]] * 2, dim=axis)
    return result


def _groups(tensors: list[Any], number: int, axis: int) -> list[set[Axis]]:
    """Sets of an axis and those of other tensors that may belong to it, the smallest first."""
    size = tensors[number].shape[axis]
    choices = [
        [None, *(a for a in range(t.dim()) if t.shape[a] == size)] if i != number else [axis]
        for i, t in enumerate(tensors)
    ]
    groups = [
        {(i, a) for i, a in enumerate(choice) if a is not None}
        for choice in itertools.product(*choices)
    ]
    return sorted(groups, key=len)
