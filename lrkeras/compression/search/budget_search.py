"""Choosing sizes so that a model meets a budget and loses the least."""

import dataclasses
from typing import Any

import keras

from lrkeras.compression.compression_report import CompressionReport
from lrkeras.compression.compression_run import CompressionRun
from lrkeras.compression.search.budget import Budget
from lrkeras.compression.search.candidate_sizes import as_it_is, options_of
from lrkeras.compression.search.knapsack import Option, allocate
from lrkeras.compression.search.sensitivity import distance, measure_sensitivities, outputs_of
from lrkeras.structures.stored_size import StoredSize

Result = tuple[keras.Model, CompressionReport]
# Halvings of the range of sizes, for budgets that are measured.
_STEPS = 7


def spend(
    run: CompressionRun, budget: Budget | None, max_loss: float | None, validation: Any
) -> Result:
    """Finds the sizes.

    Args:
        run: The model and what its matrices may become.
        budget: What it may cost, or
        max_loss: the loss on `validation` that the smallest model shall not exceed.
        validation: `(x, y)` or a dataset.

    Raises:
        ValueError: If the budget or loss cannot be met; the message says what can.
    """
    if (budget is None) == (max_loss is None):
        raise ValueError(
            "`compress` takes either `budget` or `max_loss`. "
            f"Received: budget={budget}, max_loss={max_loss}"
        )
    search = _Search(run, budget or Budget("bytes", float("inf")))
    if max_loss is not None:
        return search.least_size(max_loss, validation)
    return search.longest_time() if search.budget.kind == "us" else search.within()


class _Search:
    """The best model for each size."""

    def __init__(self, run: CompressionRun, budget: Budget):
        self.run, self.budget = run, budget
        self.options = {
            name: options_of(
                target, families, run.gate_layout, budget, run.weightings.get(target.key)
            )
            for name, (target, families) in run.track(list(run.choice.items()), "trying sizes")
        }
        self.by_error = self.options
        if run.examples is not None:
            self.options = measure_sensitivities(run, self.options)
        self.fixed = self._fixed_cost()
        self.smallest = self.fixed + sum(found[0].cost for found in self.options.values())
        self.largest = self.fixed + sum(found[-1].cost for found in self.options.values())
        self.spent = 0.0

    def within(self) -> Result:
        """The best model within a budget that can be counted."""
        limit = self.budget.amount
        if self.budget.kind == "ratio":
            limit = StoredSize.of(self.run.model).params / self.budget.amount
        small, report = self.at(limit)
        spent = report.ratio if self.budget.kind == "ratio" else self.spent
        return small, dataclasses.replace(report, budget=str(self.budget), spent=spent)

    def at(self, limit: float) -> Result:
        """The best model of at most this size.

        What each matrix does alone does not tell all that they do together: with examples, the
        outputs of some choices are compared, and the nearest one to the model is taken.
        """
        chosen = self._allocated(self.options, limit)
        if self.run.examples is None:
            self.spent = self._cost(chosen)
            return self._built(chosen, limit)
        by_error = self._allocated(self.by_error, limit)
        mixed = self._allocated(self._mixed(by_error), limit)
        candidates = [chosen, by_error, mixed, self._alike(limit)]
        inputs = self.run.examples
        wanted = [outputs_of(self.run.model, x) for x in inputs]
        best = None
        for candidate in {tuple(c.values()): c for c in candidates}.values():
            found = self._built(candidate, limit)
            moved = distance(wanted, [outputs_of(found[0], x) for x in inputs])
            if best is None or moved < best[0]:
                best = moved, found, self._cost(candidate)
        if best is None:
            raise AssertionError("there is a candidate")
        self.spent = best[2]
        return best[1]

    def _allocated(self, options: dict[str, list[Option]], limit: float) -> dict[str, int]:
        """For each matrix which of its options is chosen."""
        chosen = allocate(list(options.values()), limit - self.fixed)
        if chosen is None:
            raise ValueError(
                f"The budget of {self.budget} is below what is possible: the smallest model that "
                f"these structures make takes {self.smallest:,.0f} where {limit:,.0f} are asked "
                "for."
            )
        return {n: options[n].index(o) for n, o in zip(options, chosen, strict=True)}

    def _mixed(self, by_error: dict[str, int]) -> dict[str, list[Option]]:
        """Losses that go by what was measured and by the errors alike."""
        moved = sum(self.options[n][i].loss for n, i in by_error.items()) or 1.0
        lost = sum(self.by_error[n][i].loss for n, i in by_error.items()) or 1.0
        return {
            name: [
                dataclasses.replace(o, loss=o.loss / moved + e.loss / lost)
                for o, e in zip(found, self.by_error[name], strict=True)
            ]
            for name, found in self.options.items()
        }

    def _alike(self, limit: float) -> dict[str, int]:
        """Every matrix cut to the same share of its cost, as someone without a search would."""
        low, high = 0.0, 1.0
        for _ in range(20):
            share = (low + high) / 2
            fits = self._cost(self._shares(share)) <= limit
            low, high = (share, high) if fits else (low, share)
        return self._shares(low)

    def _shares(self, share: float) -> dict[str, int]:
        """For each matrix the best of its options that cost at most this share of the largest."""
        chosen = {}
        for name, found in self.by_error.items():
            within = [o for o in found if o.cost <= share * found[-1].cost] or found[:1]
            chosen[name] = found.index(min(within, key=lambda o: (o.loss, o.cost)))
        return chosen

    def _cost(self, chosen: dict[str, int]) -> float:
        return self.fixed + sum(self.options[n][i].cost for n, i in chosen.items())

    def _built(self, chosen: dict[str, int], limit: float) -> Result:
        picked = {name: self.options[name][i].spec for name, i in chosen.items()}
        specs = {name: spec for name, spec in picked.items() if spec is not None}
        if not specs:
            raise ValueError(
                f"The model is within the budget of {self.budget} as it is: it takes "
                f"{self.largest:,.0f} of {limit:,.0f}."
            )
        return self.run.build(specs, kept="kept: the budget has room for it")

    def least_size(self, max_loss: float, validation: Any) -> Result:
        """The smallest model whose loss is not above a limit."""
        if validation is None or not self.run.original.compiled:
            raise ValueError(
                "`max_loss` needs `validation` data and a compiled model, whose loss is measured."
            )
        low, high, best = self.smallest, self.largest, None
        for step in self.run.track(range(_STEPS), "searching the smallest model"):
            limit = low + 1 if step == 0 else (low * high) ** 0.5
            small, report = self.at(limit)
            loss = _loss(small, validation)
            if loss <= max_loss:
                best, high = (small, report, loss), limit
                if step == 0:
                    break
            else:
                low = limit
        if best is None:
            raise ValueError(
                f"No smaller model was found with a loss of {max_loss:g} or less; the model as it "
                f"is has {_loss(self.run.original, validation):g}."
            )
        small, report, loss = best
        budget = f"a validation loss of at most {max_loss:g}"
        return small, dataclasses.replace(report, budget=budget, spent=loss)

    def longest_time(self) -> Result:
        """The best model whose converted file takes no more than a time on this machine."""
        # The one import against the direction of the packages: times are those of converted files.
        from lrkeras.benchmark.step_time import step_time

        quantize = None if self.budget.dtype == "float32" else self.budget.dtype
        dense_time = step_time(self.run.model, quantize)
        if dense_time <= self.budget.amount:
            raise ValueError(
                f"The model is within the budget of {self.budget} as it is: it takes "
                f"{dense_time:.1f} us on this machine."
            )
        small, report = self.at(self.smallest * (1 + 1e-9))
        time = step_time(small, quantize)
        if time > self.budget.amount:
            raise ValueError(
                f"The budget of {self.budget} is below what is possible: the smallest model that "
                f"these structures make takes {time:.1f} us a step on this machine."
            )
        low, high = self.smallest, self.largest
        for _ in self.run.track(range(_STEPS), "measuring converted models"):
            limit = (low * high) ** 0.5
            larger, larger_report = self.at(limit)
            larger_time = step_time(larger, quantize)
            if larger_time <= self.budget.amount:
                small, report, time, low = larger, larger_report, larger_time, limit
            else:
                high = limit
        return small, dataclasses.replace(report, budget=str(self.budget), spent=time)

    def _fixed_cost(self) -> float:
        """What the weights that are not chosen take; biases and the like stay float32."""
        if self.budget.kind == "us":
            return 0.0
        stored, targets = StoredSize.of(self.run.model), [t for t, _ in self.run.choice.values()]
        if self.budget.kind != "bytes":
            return stored.params - sum(as_it_is(t, self.budget) for t in targets)
        return stored.bytes - sum(as_it_is(t, Budget("bytes", 0)) for t in targets)


def _loss(model, validation) -> float:
    arguments = validation if isinstance(validation, tuple) else (validation,)
    return float(model.evaluate(*arguments, verbose=0, return_dict=True)["loss"])
