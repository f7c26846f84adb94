"""Workers that run trials one after the other in this process, as Ray's would."""

from lrkeras.tuning.candidates import Candidate
from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.trial import Start, Trial, start_of


class InProcessWorkers:
    """Runs the parts of a search here.

    Args:
        task, records: As of Ray's workers.
        us_of: Gives the time of a file from its content.
        killed: Numbers of trials whose worker dies in the middle.
        interrupted_at: Number of the trial at which the search is stopped, or None.
    """

    def __init__(
        self, task, records, us_of=lambda file: len(file) / 1e3, killed=(), interrupted_at=None
    ):
        self.task, self.records, self.us_of = task, records, us_of
        self.killed, self.interrupted_at = killed, interrupted_at
        self.trained: list[int] = []
        self.cutoffs: dict = {}

    def starts(self, wanted: dict[int, tuple[Candidate, float | None]]) -> dict[int, Start]:
        return {
            n: start_of(self.task, candidate, limit) for n, (candidate, limit) in wanted.items()
        }

    def times(self, files, rounds=1):
        return [self.us_of(file) for file in files]

    def train(self, numbers, budgets, epochs, cutoffs, on_epoch, on_end):
        self.cutoffs = cutoffs
        for number in numbers:
            if number == self.interrupted_at:
                raise KeyboardInterrupt
            if number not in self.killed:
                self._train(number, budgets[number], cutoffs, on_epoch)
            on_end(number)

    def _train(self, number, budget, cutoffs, on_epoch):
        self.trained.append(number)
        known = self.records.start(number)
        content = self.records.file(number, "start.keras")
        trial = Trial(self.task, Start(Recipe.of(known["recipe"]), model=content))
        epoch = 0
        while True:
            epoch += 1
            cost = self.task.objective.cost(trial.epoch())
            on_epoch(number, epoch, cost)
            if trial.is_over:
                break
            if cost > cutoffs.get((budget, epoch), float("inf")):
                return
        result, files = trial.finish()
        self.records.write_files(number, files)
        self.records.write_result(number, result)
