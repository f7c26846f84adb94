"""Choices for a whole model: candidates for the best one, and the comparison of what they do."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from lrkeras.compression.compression_report import CompressionReport
from lrkeras.compression.compressor import Compressor
from lrkeras.compression.search.budget import Budget
from lrkeras.compression.search.candidate_sizes import CandidateSizes
from lrkeras.compression.search.costs import cost_of, current_cost, fixed_cost
from lrkeras.compression.search.even_cut import even_cut, numbers_of_families
from lrkeras.compression.search.fits import Fits
from lrkeras.compression.search.knapsack import Candidate, allocate
from lrkeras.compression.search.made_up_inputs import made_up_inputs
from lrkeras.compression.search.output_judge import OutputJudge
from lrkeras.compression.search.sensitivity import measure_sensitivities
from lrkeras.structures import Structure

_KEPT = "kept: the budget has room for it"
_NOT_JUDGED = (
    "the outputs of the model could not be compared, as its inputs are not known: its matrices "
    "were cut alike, where that fits the budget; give `calibration` for a better choice"
)

# What the losses go by in a choice that is no even cut.
_WAYS = ("outputs", "errors", "mixed")
# Such a choice was sought on the inputs that it is judged on, which are not those in use: it is
# taken where it moves the outputs by this share less than the best even cut. With 20 % none of
# twelve choices for public character models, which wrote their inputs, was behind on other text.
_AHEAD_ON_EXAMPLES, _AHEAD_ON_MADE_UP = 0.05, 0.2

Choice = dict[str, Structure]  # by name of the matrix, without those that stay as they are


class Choices:
    """The best model of each size.

    Args:
        compressor: The model and what its matrices may become.
        budget: What costs are counted in.
        ratio: About how many times smaller the matrices become.
        inputs: Batches that the outputs of models are compared on, where there is no
            calibration; `None` makes some up.

    Attributes:
        smallest, largest: What the smallest model that can be made, and the model itself, cost.
        spent, moved: What the last model that `best` gave costs, and how far its outputs move;
            `None` where they could not be compared.
    """

    def __init__(
        self,
        compressor: Compressor,
        budget: Budget,
        ratio: float,
        inputs: list[Any] | None = None,
    ):
        self._compressor, self._budget = compressor, budget
        self._fits = Fits(compressor)
        examples = compressor.examples if compressor.examples is not None else inputs
        self._ahead = _AHEAD_ON_MADE_UP if examples is None else _AHEAD_ON_EXAMPLES
        self._judge = _judge(compressor.model, examples)
        self._by_error = self._candidates(ratio)
        self._by_output = self._by_error
        if self._judge is not None:
            self._by_output = measure_sensitivities(
                compressor, self._by_error, self._fits, self._judge
            )
        matrices = [matrix for matrix, _ in compressor.selection.values()]
        self._fixed = fixed_cost(compressor.model, matrices, budget)
        self.smallest = self._fixed + sum(found[0].cost for found in self._by_error.values())
        self.largest = self._fixed + sum(found[-1].cost for found in self._by_error.values())
        self.spent = 0.0
        self.moved: float | None = None
        self._distances: dict[tuple, float] = {}  # by choice, of the last comparison
        self._ways: list[int | str] = [*numbers_of_families(compressor.selection), *_WAYS]
        if self._judge is None:
            self._ways.remove("outputs")
            self._ways.remove("mixed")

    def best(self, limit: float) -> tuple[keras.Model, CompressionReport]:
        """The model of at most this size whose outputs move the least.

        What each matrix does alone does not tell all that they do together: the outputs of some
        choices are compared, the same cut for all matrices among them.

        Raises:
            ValueError: If no choice is within the limit, or the model itself is.
        """
        choice = self._compared(limit)[0][1]
        self.moved = None if self._judge is None else self._distances[_key(choice)]
        self.spent = self._cost(choice)
        fitted = {name: self._fits.of(name, spec) for name, spec in choice.items()}
        small, report = self._compressor.build(choice, kept=_KEPT, fitted=fitted)
        if self._judge is None:
            report = dataclasses.replace(report, notes=(*report.notes, _NOT_JUDGED))
        return small, report

    def is_ahead(self, model: keras.Model) -> bool:
        """Whether the outputs of a model move clearly less than those that `best` gave last."""
        if self._judge is None or self.moved is None:
            return False
        return self._judge.moved_by_model(model) < (1 - self._ahead) * self.moved

    def settle(self, limit: float) -> None:
        """Keeps the best of the even cuts and the best other way to choose, at a size.

        For searches that ask for many sizes: `best` compares only these two from then on.
        """
        ways = [way for way, _ in self._compared(limit)]
        others = [way for way in ways if way in _WAYS]
        self._ways = [*[way for way in ways if way not in _WAYS][:1], *others[:1]]

    def _compared(self, limit: float) -> list[tuple[int | str, Choice]]:
        """Ways to choose, and what they choose, by how far the outputs move."""
        if self.largest <= limit:
            raise ValueError(
                f"The model is within the budget of {self._budget} as it is: it takes "
                f"{self.largest:,.0f} of {limit:,.0f}."
            )
        found = [(way, self._chosen(way, limit)) for way in self._ways]
        choices = [(way, choice) for way, choice in found if choice]
        if self._judge is None:
            even = [pair for pair in choices if pair[0] not in _WAYS]
            return sorted(even or choices, key=lambda pair: self._lost(pair[1]))
        moved: dict[tuple, float] = {}
        for _, choice in self._compressor.track(choices, "comparing choices"):
            key = _key(choice)
            moved[key] = moved[key] if key in moved else self._moved(choice, self._judge)
        self._distances = moved
        return sorted(choices, key=lambda pair: moved[_key(pair[1])] / self._trust(pair[0]))

    def _trust(self, way: int | str) -> float:
        return 1.0 if way not in _WAYS else 1 - self._ahead

    def _chosen(self, way: int | str, limit: float) -> Choice | None:
        """The choice of one way: an even cut by its number, or an allocation by its losses."""
        room = limit - self._fixed
        if isinstance(way, int):
            layout = self._compressor.gate_layout
            return even_cut(self._compressor.selection, way, layout, self._budget, room)
        by_error = self._allocated(self._by_error, limit)
        if way == "errors":
            return _specs(by_error)
        losses = self._by_output if way == "outputs" else self._mixed(by_error)
        return _specs(self._allocated(losses, limit))

    def _candidates(self, ratio: float) -> dict[str, list[Candidate]]:
        compressor = self._compressor
        found = {}
        for name in compressor.track(list(compressor.selection), "trying sizes"):
            matrix, families = compressor.selection[name]
            moments = compressor.moments.get(matrix.key)
            sizes = CandidateSizes(matrix, compressor.gate_layout, self._budget, moments)
            found[name] = sizes.of(families, ratio)
        return found

    def _allocated(
        self, candidates: Mapping[str, list[Candidate]], limit: float
    ) -> dict[str, Candidate]:
        chosen = allocate(list(candidates.values()), limit - self._fixed)
        if chosen is None:
            raise ValueError(
                f"The budget of {self._budget} is below what is possible: the smallest model that "
                f"these structures make takes {self.smallest:,.0f} where {limit:,.0f} are asked "
                "for."
            )
        return dict(zip(candidates, chosen, strict=True))

    def _mixed(self, by_error: Mapping[str, Candidate]) -> dict[str, list[Candidate]]:
        """Losses that go by the errors and by what was measured alike."""
        places = {n: self._by_error[n].index(c) for n, c in by_error.items()}
        moved = sum(self._by_output[n][place].loss for n, place in places.items()) or 1.0
        lost = sum(c.loss for c in by_error.values()) or 1.0
        return {
            name: [
                dataclasses.replace(e, loss=o.loss / moved + e.loss / lost)
                for e, o in zip(found, self._by_output[name], strict=True)
            ]
            for name, found in self._by_error.items()
        }

    def _moved(self, choice: Choice, judge: OutputJudge) -> float:
        selection = self._compressor.selection
        if any(s.has_groups for s in choice.values()):  # shared factors are fitted in a model only
            return judge.moved_by_model(self._compressor.build(choice, kept=_KEPT)[0])
        return judge.moved(
            {selection[name][0]: self._fits.matrix(name, spec) for name, spec in choice.items()}
        )

    def _lost(self, choice: Choice) -> float:
        """The sum of the lost shares of the squares of the matrices."""
        lost = 0.0
        for name, spec in choice.items():
            w = self._compressor.selection[name][0].value()
            lost += float(np.sum(np.square(w - self._fits.matrix(name, spec))) / np.sum(w * w))
        return lost

    def _cost(self, choice: Choice) -> float:
        total = self._fixed
        for name, (matrix, _) in self._compressor.selection.items():
            if name in choice:
                total += cost_of(self._fits.of(name, choice[name]), self._budget)
            else:
                total += current_cost(matrix, self._budget)
        return total


def _judge(model: keras.Model, examples: list[Any] | None) -> OutputJudge | None:
    inputs = made_up_inputs(model) if examples is None else examples
    return None if inputs is None else OutputJudge(model, inputs)


def _specs(chosen: Mapping[str, Candidate]) -> Choice:
    return {name: c.spec for name, c in chosen.items() if c.spec is not None}


def _key(choice: Choice) -> tuple:
    return tuple((name, id(spec)) for name, spec in choice.items())
