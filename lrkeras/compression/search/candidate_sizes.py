"""The ways to store one matrix, with what each costs and loses."""

import math
from collections.abc import Sequence

import numpy as np

from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.compression.matrices.weight_matrix import WeightMatrix
from lrkeras.compression.search.budget import Budget
from lrkeras.compression.search.costs import cost_as, cost_of, current_cost
from lrkeras.compression.search.knapsack import Candidate
from lrkeras.structures import LowRank, Structure, ToeplitzLike
from lrkeras.structures.weighted_fit import weighted_spectrum

RATIOS = (1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.5, 8, 10, 13, 16, 20, 26, 32, 40, 50, 64, 90, 128)
# Where each costs a fit, and where a fit takes many steps.
_FEWER = (1.6, 2.5, 4, 6.5, 10, 16, 26, 50)
_FEWEST = (4, 8, 16, 32)
# Families that lose more than this many times what the best one loses, of the same size, are not
# tried at other sizes.
_HOPELESS = 1.5
_ALL = 0.999


class CandidateSizes:
    """Lists what a matrix may become.

    Args:
        matrix: The matrix.
        gate_layout: As in `lrkeras.layers.LSTM`.
        budget: What costs are counted in.
        moments: What errors cost; `None` counts every entry alike.
    """

    def __init__(
        self,
        matrix: WeightMatrix,
        gate_layout: str,
        budget: Budget,
        moments: SecondMoments | None = None,
    ):
        self._matrix, self._gate_layout = matrix, gate_layout
        self._budget, self._moments = budget, moments
        self._w = matrix.value()
        self._whole = _cost(self._w, moments)
        self._spectra: dict[tuple[int, int], np.ndarray] = {}
        self._found: dict[tuple[int, float], Candidate | None] = {}

    def of(self, families: Sequence[Structure], ratio: float) -> list[Candidate]:
        """The candidates of some families.

        The loss is `-log(1 - e)` with the lost share `e` of the weighted square: for small errors
        the share itself, but no matrix may be lost altogether.

        Args:
            families: Structures, whose own sizes do not count; each is tried at many.
            ratio: How many times smaller the model is to become. Families that lose far more
                than the best one at this ratio are left out.

        Returns:
            Candidates by rising cost, none of which costs more and loses more than another; the
            last one is the matrix as it is.
        """
        found = [Candidate(None, current_cost(self._matrix, self._budget), 0.0)]
        for family in self._promising(families, ratio):
            found += [c for r in _ratios(family) if (c := self.at(family, r)) is not None]
        return _efficient(found)

    def at(self, family: Structure, ratio: float) -> Candidate | None:
        """A family at one size; `None` where the matrix cannot be of this family."""
        key = (id(family), ratio)
        if key not in self._found:
            self._found[key] = self._fitted(family, ratio)
        return self._found[key]

    def _fitted(self, family: Structure, ratio: float) -> Candidate | None:
        spec = family.resized(ratio)
        part = self._matrix.part(spec, self._gate_layout)
        if isinstance(part, str):
            return None
        structure, count = part
        cost: float | None = count * cost_of([structure], self._budget)
        if spec.has_groups:  # what is shared counts once
            cost = cost_as(self._matrix, spec, self._gate_layout, self._budget)
        if cost is None:
            return None
        lost = sum(self._lost(structure, number, count) for number in range(count))
        share = min(lost / self._whole, _ALL) if self._whole else 0.0
        return Candidate(spec, cost, -math.log1p(-share))

    def _promising(self, families: Sequence[Structure], ratio: float) -> list[Structure]:
        if len(families) < 3:
            return list(families)
        losses = []
        for family in families:
            near = min(_ratios(family), key=lambda r: abs(math.log(r / ratio)))
            found = self.at(family, near)
            # One that has no such size may have others.
            losses.append(0.0 if found is None else found.loss)
        most = _HOPELESS * min((loss for loss in losses if loss), default=0.0)
        return [f for f, loss in zip(families, losses, strict=True) if loss <= most]

    def _lost(self, structure: Structure, number: int, count: int) -> float:
        """The weighted square that is lost of one of `count` parts side by side."""
        width = self._w.shape[1] // count
        columns = slice(number * width, (number + 1) * width)
        moments = None if self._moments is None else self._moments.columns(columns)
        piece = self._w[:, columns]
        if not isinstance(structure, LowRank):
            structure.fit(piece)  # the plain fit ranks candidates well enough, and is quick
            return _cost(piece - structure.to_numpy(), moments)
        if (number, count) not in self._spectra:  # the singular values tell without a fit
            self._spectra[number, count] = weighted_spectrum(piece, moments)
        return float(np.sum(np.square(self._spectra[number, count][structure.rank :])))


def _ratios(family: Structure) -> Sequence[float]:
    if isinstance(family, LowRank):
        return RATIOS
    in_turn = len(family.summands()) > 1 or isinstance(family, ToeplitzLike)
    return _FEWEST if in_turn else _FEWER


def _cost(error: np.ndarray, moments: SecondMoments | None) -> float:
    return float(np.sum(error * error)) if moments is None else moments.cost(error)


def _efficient(candidates: list[Candidate]) -> list[Candidate]:
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (c.cost, c.loss)):
        if not kept or candidate.loss < kept[-1].loss:
            kept.append(candidate)
    return kept
