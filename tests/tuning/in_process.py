"""Workers that run the trials of a search in this process."""

import numpy as np

from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.trial import Start, Trial, start_of


class InProcessWorkers:
    """Runs the parts of a search here, one after the other.

    Args:
        task: The search.
        records: Where results are kept.
        killed: Numbers of trials whose worker dies in the middle.
        interrupted_at: Number of the trial at which the search is stopped, or None.
    """

    def __init__(self, task, records, killed=(), interrupted_at=None):
        self.task, self.records = task, records
        self.killed, self.interrupted_at = killed, interrupted_at
        self.trained: list[int] = []

    def starts(self, wanted, overhead=0.0):
        return {number: self.start(*what) for number, what in wanted.items()}

    def start(self, candidate, limit):
        return start_of(self.task, candidate, limit)

    def times(self, files, rounds=1):
        return [len(file) / 1e3 for file in files]

    def train(self, numbers, budgets, cutoffs, on_epoch, on_end):
        for number in numbers:
            if number == self.interrupted_at:
                raise KeyboardInterrupt
            if number not in self.killed:
                self.trained.append(number)
                self.run(number, cutoffs, budgets[number], on_epoch)
            on_end(number)

    def run(self, number, cutoffs, budget, on_epoch):
        recipe = Recipe.of(self.records.start(number)["recipe"])
        trial = Trial(self.task, Start(recipe, model=self.records.file(number, "start.keras")))
        epoch = 0
        while not (epoch and trial.is_over):
            epoch += 1
            on_epoch(number, epoch, self.task.objective.cost(trial.epoch()))
        result, files = trial.finish()
        self.records.write_files(number, files)
        self.records.write_result(number, result)


class PretendingWorkers(InProcessWorkers):
    """Makes no models: sizes are what was asked for, and scores follow from recipes alone."""

    def start(self, candidate, limit):
        size = 50_000 if limit is None else int(limit)
        if candidate.recipe.structures == "auto":
            return Start(candidate.recipe, why="it cannot be so small")
        return Start(candidate.recipe, file=b"x" * size, params=size)

    def run(self, number, cutoffs, budget, on_epoch):
        recipe = self.records.start(number)["recipe"]
        rng = np.random.default_rng(len(repr(sorted(recipe.items()))))
        history = sorted(rng.random(max(1, recipe["epochs"])), reverse=True)
        for epoch, cost in enumerate(history, start=1):
            on_epoch(number, epoch, float(cost))
            if epoch < len(history) and cost > cutoffs.get((budget, epoch), np.inf):
                return
        size = self.records.start(number)["start_bytes"]
        result = {"state": "done", "history": history, "quality": history[-1], "bytes": size}
        self.records.write_result(
            number, result | {"parts": [history[-1]] * 4, "part_sizes": [1] * 4}
        )
