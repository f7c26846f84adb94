"""The search: generation after generation of trials."""

from __future__ import annotations

import dataclasses
import statistics
from typing import Any

from lrkeras.tuning.candidates import Candidate, MatrixGroups, Proposals, rivals
from lrkeras.tuning.file_budget import FileBudget
from lrkeras.tuning.progress_table import ProgressTable
from lrkeras.tuning.trial import Start, Task
from lrkeras.tuning.trial_records import TrialRecords

# Earlier trials of a budget that there must be for one to be behind half of them.
_LEAST_COMPARED = 4
_DIED = {"state": "died", "why": "its worker died"}
_GENERATION = 6
# Times that a start is made smaller because its file takes too long, and by how much more than
# its time asks for.
_TRIALS, _SHORTER = 3, 0.95


@dataclasses.dataclass
class _Planned:
    """A trial that a generation has."""

    number: int
    candidate: Candidate
    budget: FileBudget | None
    proposals: Proposals | None = None
    asked: Any = None


class Search:
    """Tries recipes until there are enough.

    The first generation are the rivals; then Optuna proposes for each budget in turn. What a
    generation proposes depends on the ones before alone, and not on which worker was faster.

    Args:
        task: What all trials have in common.
        records: What became of trials, of this run and of those before.
        budgets: What files may cost.
        trials: How many there will be.
        training: `learning_rate`, `epochs` and `distill`.
        table: Shows how far it is.
    """

    def __init__(
        self,
        task: Task,
        records: TrialRecords,
        budgets: list[FileBudget],
        trials: int,
        training: dict[str, Any],
        table: ProgressTable,
    ):
        self._task, self._records, self._budgets = task, records, budgets
        self._trials, self._training, self._table = trials, training, table
        groups = MatrixGroups(task.load())
        self._rivals = rivals(budgets, groups, training)
        if trials < len(self._rivals):
            raise ValueError(
                f"Expected at least {len(self._rivals)} trials, which the rivals take that every "
                f"search tries; received trials={trials}."
            )
        self._proposals = [
            Proposals(budget, groups, training, task.seed + place)
            for place, budget in enumerate(budgets)
        ]
        self._costs: dict[tuple[str, int], list[float]] = {}

    @property
    def rivals(self) -> int:
        """How many of the first trials are rivals."""
        return len(self._rivals)

    def run(self, workers: Any, trials: int) -> None:
        """Runs so many of the trials, those that have no result yet."""
        self._generation(workers, self._first())
        number = len(self._rivals)
        while number < trials:
            count = min(_GENERATION, trials - number)
            self._generation(workers, [self._next(number + place) for place in range(count)])
            number += count

    def _first(self) -> list[_Planned]:
        return [
            _Planned(number, candidate, budget)
            for number, (candidate, budget) in enumerate(self._rivals)
        ]

    def _next(self, number: int) -> _Planned:
        proposals = self._proposals[number % len(self._proposals)]
        asked, candidate = proposals.ask()
        budget = self._budgets[number % len(self._budgets)]
        return _Planned(number, candidate, budget, proposals, asked)

    def _generation(self, workers: Any, planned: list[_Planned]) -> None:
        """Makes the starts, times their files, trains those that fit, and hears of the results."""
        waiting = [one for one in planned if self._records.result(one.number) is None]
        unmade = [one for one in planned if self._records.start(one.number) is None]
        for one in planned:
            self._check_same(one)
            self._table.add(
                one.number, one.candidate.recipe.label, self._records.result(one.number)
            )
        if unmade:
            self._make(workers, unmade)
        training = [one for one in waiting if self._records.result(one.number) is None]
        cutoffs = self._cutoffs()
        histories: dict[int, list[float]] = {one.number: [] for one in training}

        budgets = {one.number: str(one.budget or "") for one in training}

        def on_epoch(number: int, epoch: int, cost: float) -> None:
            del histories[number][epoch - 1 :]  # of a worker that was killed
            histories[number].append(cost)
            self._table.epoch(number, epoch, self._task.objective.cost(cost))

        def on_end(number: int) -> None:
            if self._records.result(number) is None:
                unfinished = self._unfinished(histories[number], budgets[number], cutoffs)
                self._records.write_result(number, unfinished)
            self._table.end(number, self._records.result(number) or {})

        workers.train([one.number for one in training], budgets, cutoffs, on_epoch, on_end)
        for one in training:
            if self._records.result(one.number) is None:
                self._records.write_result(one.number, _DIED)
        self._hear(planned)

    def _make(self, workers: Any, planned: list[_Planned]) -> None:
        """Makes starts and times them; those that take too long are made smaller, some times."""
        if planned[0].number == 0:  # what sizes and times of the others go by
            self._made(workers, planned[:1], {0: None})
            planned = planned[1:]
        limits = {one.number: self._limit(one) for one in planned}
        for trial in range(_TRIALS):
            slow = self._made(workers, planned, limits, trial == _TRIALS - 1)
            for one, limit in slow:
                limits[one.number] = limit
            planned = [one for one, _ in slow]

    def _made(
        self,
        workers: Any,
        planned: list[_Planned],
        limits: dict[int, float | None],
        is_last: bool = True,
    ) -> list[tuple[_Planned, float]]:
        """Makes starts and times them; returns those that take too long, with smaller limits."""
        if not planned:
            return []
        for one in planned:
            self._table.state(one.number, "being made")
        wanted = {one.number: (one.candidate, limits[one.number]) for one in planned}
        made: dict[int, Start] = workers.starts(wanted, self._overhead())
        possible = [one for one in planned if made[one.number].why is None]
        times = workers.times([self._reference(made), *[made[o.number].file for o in possible]])
        us = {one.number: times[1 + place] for place, one in enumerate(possible)}
        slow = []
        for one in planned:
            start = made[one.number]
            time = us.get(one.number, 0.0)
            known = self._known(one, start, us.get(one.number), times[0])
            files = (
                {"start.keras": start.model, "start.tflite": start.file} if not start.why else {}
            )
            limit = limits[one.number]
            most = None if one.budget is None else one.budget.us
            if limit is not None and most is not None and time > most and not is_last:
                slow.append((one, limit * _SHORTER * most / time))
                continue
            # Last: a trial that has a start has its model, or a result that says why there is none.
            if start.why is not None:
                state = "died" if start.died else "not possible"
                self._end(one, {"state": state, "why": start.why})
            elif one.budget is not None and not one.budget.holds(len(start.file), time):
                why = f"{len(start.file):,} bytes, {time:.1f} us: not within {one.budget}"
                self._end(one, {"state": "over budget", "why": why})
            else:
                self._table.state(one.number, "waits")
            self._records.write_start(one.number, known, files)
        return slow

    def _end(self, one: _Planned, result: dict[str, Any]) -> None:
        self._records.write_result(one.number, result)
        self._table.end(one.number, result)

    def _known(self, one: _Planned, start: Start, us: float | None, reference: float) -> dict:
        return {
            "number": one.number,
            "asked": repr(one.candidate),
            "recipe": start.recipe.config,
            "budget": None if one.budget is None else str(one.budget),
            "is_rival": one.number < len(self._rivals),
            "params": start.params,
            "weight_bytes": start.weight_bytes,
            "start_bytes": len(start.file),
            "us": us,
            "ratio": None if us is None else us / reference,
        }

    def _reference(self, made: dict[int, Start]) -> bytes:
        """The file that all times are compared with: of the model itself in int8."""
        if 0 in made:
            if made[0].why is not None:
                raise ValueError(f"The model itself cannot be converted: {made[0].why}")
            return made[0].file
        return self._records.file(0, "start.tflite")

    def _check_same(self, one: _Planned) -> None:
        known = self._records.start(one.number)
        if known is not None and known["asked"] != repr(one.candidate):
            raise ValueError(
                f"Expected trial {one.number} in the folder to be {one.candidate}, received "
                f"{known['asked']}, as another version of lrkeras or Optuna proposes. Choose "
                "another folder, or delete this one."
            )

    def _overhead(self) -> float:
        """Bytes of a file beside the weights, as those of the model itself in int8."""
        known = self._records.start(0)
        return 0.0 if known is None else known["start_bytes"] - known["weight_bytes"]

    def _limit(self, one: _Planned) -> float | None:
        """Bytes of a file to begin with: time goes about with the bytes."""
        if one.budget is None or one.candidate.fill is None:
            return None
        known = self._records.start(0) or {}
        whole = one.budget.bytes or known["start_bytes"]
        if one.budget.us is not None and known["us"] > one.budget.us:
            whole = min(whole, _SHORTER * known["start_bytes"] * one.budget.us / known["us"])
        return one.candidate.fill * whole

    def _unfinished(
        self, history: list[float], budget: str, cutoffs: dict[tuple[str, int], float]
    ) -> dict[str, Any]:
        values = [self._task.objective.cost(cost) for cost in history]
        if history and history[-1] > cutoffs.get((budget, len(history)), float("inf")):
            return {
                "state": "stopped",
                "history": values,
                "why": f"behind half of the trials before it after {len(history)} epochs",
            }
        return {**_DIED, "history": values}

    def _cutoffs(self) -> dict[tuple[str, int], float]:
        """The cost that a trial must have reached after the epochs of the rungs."""
        found = {}
        rungs = self._rungs()
        for (budget, epoch), costs in self._costs.items():
            if epoch in rungs and len(costs) >= _LEAST_COMPARED:
                found[budget, epoch] = statistics.median(costs)
        return found

    def _rungs(self) -> list[int]:
        epochs = self._training["epochs"]
        found, rung = [], max(1, epochs // 3)
        while rung < epochs:
            found.append(rung)
            rung *= 2
        return found

    def _hear(self, planned: list[_Planned]) -> None:
        """Learns from the trials of a generation, in their order."""
        for one in planned:
            result = self._records.result(one.number) or {}
            history = [self._task.objective.cost(value) for value in result.get("history") or ()]
            for epoch, cost in enumerate(history, start=1):
                self._costs.setdefault((str(one.budget or ""), epoch), []).append(cost)
            if one.proposals is None:
                continue
            if result.get("state") == "done":
                one.proposals.tell(one.asked, self._task.objective.cost(result["quality"]))
            elif result.get("state") == "stopped" and history:
                one.proposals.tell(one.asked, history[-1], stopped=True)
            else:
                one.proposals.tell(one.asked, None)
