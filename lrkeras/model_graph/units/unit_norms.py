"""Units by the entries of their weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keras import ops

from lrkeras.model_graph.units.hidden_units import HiddenUnits, UnitWeight


def unit_norms(units: HiddenUnits) -> list[np.ndarray]:
    """How much the entries of each unit weigh, in and out together.

    For each unit the sum of squares of its rows and columns (the group of Wen et al. 2018, arXiv
    1709.05027, whose norm their group lasso drives to zero), every matrix scaled so that the mean
    square of its entries that are not zero is one: an average entry weighs the same anywhere.

    Returns:
        For each group `(units,)`, float64.
    """

    def squares(weight: UnitWeight, value: np.ndarray) -> np.ndarray:
        mean = np.square(value).sum() / max(1, np.count_nonzero(value))
        return np.square(value) / (mean or 1.0)

    return summed(units, squares)


def dead_units(units: HiddenUnits) -> list[np.ndarray]:
    """Which units have nothing but zeros, in and out.

    Returns:
        For each group `(units,)`, bool.
    """
    return [found == 0 for found in summed(units, lambda weight, value: value != 0)]


def summed(
    units: HiddenUnits,
    entries: Callable[[UnitWeight, np.ndarray], np.ndarray],
    reading_only: bool = False,
) -> list[np.ndarray]:
    """Sums over the weights of each unit.

    Args:
        units: The units.
        entries: `entries(weight, value)` gives what is summed up, of the shape of the value.
        reading_only: Whether only the entries count that a unit's output is multiplied with.

    Returns:
        For each group `(units,)`, float64.
    """
    sums = [np.zeros(size) for size in units.sizes]
    for weight in units.weights:
        if weight.is_statistic:
            continue
        found = entries(weight, np.asarray(ops.convert_to_numpy(weight.weight), np.float64))
        for axis in range(found.ndim):
            if reading_only and axis not in weight.reads:
                continue
            others = tuple(i for i in range(found.ndim) if i != axis)
            along = found.sum(axis=others, dtype=np.float64)
            for group in weight.groups(axis):
                sums[group] += along[weight.places(axis, group)].sum(axis=1)
    return sums
