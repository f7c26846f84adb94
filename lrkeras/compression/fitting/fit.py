"""Fitting the structures that make one matrix, or share a projection, together."""

from collections.abc import Sequence

import numpy as np

from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.structures import SharedLowRank, Structure
from lrkeras.structures.structure import METHODS
from lrkeras.structures.weighted_fit import weighted_low_rank, weighted_spectrum

__all__ = [
    "METHODS",
    "dense",
    "fit",
    "fit_group",
    "fit_side_by_side",
    "weighted_low_rank",
    "weighted_spectrum",
]


def dense(structure: Structure) -> np.ndarray:
    """The matrix that a built structure stands for, float64."""
    return structure.to_numpy()


def fit(
    structure: Structure,
    w: np.ndarray,
    method: str | None = None,
    weighting: SecondMoments | None = None,
) -> None:
    """Sets the weights of a built structure to the best fit of a matrix; see `Structure.fit`."""
    structure.fit(w, weighting, method)


def fit_side_by_side(
    built: Sequence[Structure],
    w: np.ndarray,
    method: str | None = None,
    weighting: SecondMoments | None = None,
) -> None:
    """Fits the structures that make a matrix together, but for those of a group (`fit_group`)."""
    width = w.shape[1] // len(built)
    for number, structure in enumerate(built):
        if not structure.has_groups:
            columns = slice(number * width, (number + 1) * width)
            inner = None if weighting is None else weighting.columns(columns)
            structure.fit(w[:, columns], inner, method)


def fit_group(
    members: list[tuple[SharedLowRank, np.ndarray]], weighting: SecondMoments | None
) -> None:
    """Fits matrices that share one projection together; see `SharedLowRank.fit_together`."""
    SharedLowRank.fit_together(members, weighting)
