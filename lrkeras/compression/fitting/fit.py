"""Fitting the structures that make one matrix together."""

from collections.abc import Sequence

import numpy as np

from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.structures import Structure


def fit_side_by_side(
    built: Sequence[Structure],
    w: np.ndarray,
    method: str | None = None,
    weighting: SecondMoments | None = None,
) -> None:
    """Fits the structures that make a matrix, but for those that share a projection with others.

    Args:
        built: Structures of equal width, side by side; `SharedLowRank.fit_together` fits those of
            a group.
        w: float64, `(inputs, outputs)` of all of them.
        method: As in `Structure.fit`.
        weighting: What errors of the whole matrix cost; `None` counts every entry alike.
    """
    width = w.shape[1] // len(built)
    for number, structure in enumerate(built):
        if not structure.has_groups:
            columns = slice(number * width, (number + 1) * width)
            inner = None if weighting is None else weighting.columns(columns)
            structure.fit(w[:, columns], inner, method)
