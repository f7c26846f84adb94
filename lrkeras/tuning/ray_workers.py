"""Trials on the workers of Ray.

The one module that knows Ray; imported when a search starts.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import ray
from ray import tune as ray_tune
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from lrkeras.benchmark import benchmark
from lrkeras.export import ConversionError
from lrkeras.system.held_folder import scratch_folder
from lrkeras.tuning.candidates import Candidate
from lrkeras.tuning.fine_tuning import DivergedError
from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.trial import Start, Task, Trial, start_of
from lrkeras.tuning.trial_records import TrialRecords

# Rounds of a timing, each with 20 runs of every file.
ROUNDS = 20
# Times that a trial is begun again after its worker was killed.
_AGAIN = 1
_SECONDS_TO_ANSWER = 5.0

Epoch = Callable[[int, int, float], None]


@contextlib.contextmanager
def cluster(address: str | None, workers: int | None) -> Iterator[None]:
    """Starts Ray on this machine, or joins a cluster; one that runs already is left running.

    Args:
        address: `host:port` or `"auto"` of a cluster, or None.
        workers: Trials at once on this machine; None for one on each core.

    Raises:
        ConnectionError: If the cluster does not answer.
    """
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Threads of one trial would take the time of another.
    variables = {
        "KERAS_BACKEND": keras.backend.backend(),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    options: dict[str, Any] = {
        "runtime_env": {"env_vars": variables},
        "log_to_driver": False,
        "logging_level": "ERROR",
    }
    if address is None:
        # Without an address Ray would join whatever cluster this machine began last.
        options["address"] = "local"
        options |= {"num_cpus": workers or os.cpu_count(), "include_dashboard": False}
    else:
        check_answers(address)
        options["address"] = address
    try:
        with warnings.catch_warnings():
            # JAX warns of every fork; those of Ray execute another program at once.
            warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
            ray.init(**options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConnectionError(_silent(address, error)) from error
    try:
        yield
    finally:
        ray.shutdown()


def check_answers(address: str) -> None:
    """Sees whether something listens at an address; Ray itself would try for a minute.

    Raises:
        ConnectionError: If nothing does.
    """
    host, _, port = address.rpartition(":")
    if address == "auto":
        return
    if not host or not port.isdecimal():
        raise ConnectionError(_silent(address, "it is no host:port"))
    try:
        socket.create_connection(
            (host.removeprefix("ray://"), int(port)), _SECONDS_TO_ANSWER
        ).close()
    except OSError as error:
        raise ConnectionError(_silent(address, error)) from error


class Workers:
    """Runs parts of a search on Ray.

    Args:
        task: The search.
        records: Where results are kept, on this machine.
        out: Folder of the search, for the logs of TensorBoard.
    """

    def __init__(self, task: Task, records: TrialRecords, out: pathlib.Path):
        self._task, self._out, self._records = ray.put(task), out, records
        here = ray.get_runtime_context().get_node_id()
        self._here = NodeAffinitySchedulingStrategy(here, soft=False)
        node = next(node for node in ray.nodes() if node["NodeID"] == here)
        self._cores = int(node["Resources"].get("CPU", 1))
        # The disk of this machine may not be that of the workers.
        recorder = ray.remote(num_cpus=0)(_Recorder)
        self._recorder = recorder.options(scheduling_strategy=self._here).remote(records)

    def starts(
        self, wanted: dict[int, tuple[Candidate, float | None]], overhead: float = 0.0
    ) -> dict[int, Start]:
        """Makes the models that trials start from; see `start_of`."""
        make = ray.remote(num_cpus=1, max_retries=_AGAIN)(_start)
        waiting = {
            make.remote(self._task, candidate, limit, overhead): number
            for number, (candidate, limit) in wanted.items()
        }
        found = {}
        while waiting:
            (ready,), _ = ray.wait(list(waiting))
            number = waiting.pop(ready)
            try:
                found[number] = ray.get(ready)
            except ray.exceptions.RayError as error:
                recipe = wanted[number][0].recipe
                found[number] = Start(
                    recipe, why=f"the worker died: {_last_line(error)}", died=True
                )
        return found

    def times(self, files: list[bytes], rounds: int = ROUNDS) -> list[float]:
        """Microseconds of a call of each of some files, interleaved, with nothing beside them."""
        time = ray.remote(num_cpus=self._cores)(_times)
        return ray.get(time.options(scheduling_strategy=self._here).remote(files, rounds))

    def train(
        self,
        numbers: list[int],
        budgets: dict[int, str],
        cutoffs: dict[tuple[str, int], float],
        on_epoch: Epoch,
        on_end: Callable[[int], None],
    ) -> None:
        """Trains, converts and judges trials whose starts are recorded.

        Args:
            numbers: The trials.
            budgets: What each is compared with others by.
            cutoffs: The objective, as a cost, that a trial of a budget must have after an epoch.
            on_epoch: Called with number, epoch and cost.
            on_end: Called with the number of each trial that is over, stopped or dead.
        """
        if not numbers:
            return
        trainable = ray_tune.with_parameters(_Trainable, task=self._task, recorder=self._recorder)
        tuner = ray_tune.Tuner(
            ray_tune.with_resources(trainable, {"cpu": 1}),
            param_space={"number": ray_tune.grid_search(numbers)},
            tune_config=ray_tune.TuneConfig(
                metric="cost",
                mode="min",
                scheduler=_Rungs(budgets, cutoffs),
                reuse_actors=True,
            ),
            run_config=ray_tune.RunConfig(
                name=f"generation_{numbers[0]:03d}",
                storage_path=str((self._out / "ray").resolve()),
                verbose=0,
                failure_config=ray_tune.FailureConfig(max_failures=_AGAIN),
                callbacks=[_Listener(on_epoch, on_end)],
            ),
        )
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            tuner.fit()


class _Recorder:
    """Lives on the machine of the search and keeps what workers send."""

    def __init__(self, records: TrialRecords):
        self._records = records

    def start(self, number: int) -> Start:
        known = self._records.start(number) or {}
        return Start(Recipe.of(known["recipe"]), model=self._records.file(number, "start.keras"))

    def finish(self, number: int, result: dict, files: dict[str, bytes]) -> None:
        self._records.write_files(number, files)
        self._records.write_result(number, result)


class _Trainable(ray_tune.Trainable):
    """A trial as Ray Tune runs it: a step is an epoch."""

    def setup(self, config: dict, task: Any = None, recorder: Any = None) -> None:
        self._recorder = recorder
        self._task = ray.get(task) if isinstance(task, ray.ObjectRef) else task
        self.reset_config(config)

    def reset_config(self, new_config: dict) -> bool:
        """Begins a trial; the process stays for the next one, and with it what Keras takes to load.

        Returns:
            That it could.
        """
        self._number, self._cost = new_config["number"], float("inf")
        keras.backend.clear_session()
        self._trial = Trial(self._task, ray.get(self._recorder.start.remote(self._number)))
        return True

    def step(self) -> dict[str, Any]:
        try:
            self._cost = self._task.objective.cost(self._trial.epoch())
            if self._trial.is_over:
                result, files = self._trial.finish()
                self._keep(result, files)
        except DivergedError as error:
            return self._failed("diverged", error)
        except ConversionError as error:
            return self._failed("refused", error)
        except Exception as error:  # whatever Keras raises; the search goes on
            traceback.print_exc()
            return self._failed("failed", error)
        return {"cost": self._cost, "done": self._trial.is_over}

    def _failed(self, state: str, error: Exception) -> dict[str, Any]:
        self._keep({"state": state, "why": _last_line(error)}, {})
        return {"cost": self._cost, "done": True}

    def _keep(self, result: dict, files: dict[str, bytes]) -> None:
        ray.get(self._recorder.finish.remote(self._number, result, files))

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """None: a trial that is begun again starts from its recorded start."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """None: see `save_checkpoint`."""


class _Rungs(FIFOScheduler):
    """Stops trials that are behind, as ASHA does (Li et al. 2020, arXiv 1810.05934).

    ASHA compares a trial with those that reached its rung before it, which depends on which worker
    is fast. Here the values to reach are those of earlier generations: the same seed gives the
    same search, however many workers there are.
    """

    def __init__(self, budgets: dict[int, str], cutoffs: dict[tuple[str, int], float]):
        super().__init__()
        self._budgets, self._cutoffs = budgets, cutoffs

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict) -> str:
        budget = self._budgets[trial.config["number"]]
        cutoff = self._cutoffs.get((budget, result["training_iteration"]))
        if cutoff is not None and not result.get("done") and result["cost"] > cutoff:
            return TrialScheduler.STOP
        return TrialScheduler.CONTINUE


class _Listener(ray_tune.Callback):
    """Hears of epochs and ends."""

    def __init__(self, on_epoch: Epoch, on_end: Callable[[int], None]):
        self._on_epoch, self._on_end = on_epoch, on_end

    def __getstate__(self) -> dict:
        # Tune pickles its callbacks beside the results; what listens here cannot be.
        return {}

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict, **info: Any):
        self._on_epoch(trial.config["number"], result["training_iteration"], result["cost"])

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any):
        self._on_end(trial.config["number"])

    def on_trial_error(self, iteration: int, trials: Any, trial: Any, **info: Any):
        self._on_end(trial.config["number"])


def _start(task: Task, candidate: Candidate, limit: float | None, overhead: float) -> Start:
    keras.backend.clear_session()
    return start_of(task, candidate, limit, overhead)


def _times(files: list[bytes], rounds: int) -> list[float]:
    with scratch_folder() as folder:
        paths = [pathlib.Path(folder) / f"{number}.tflite" for number in range(len(files))]
        for path, content in zip(paths, files, strict=True):
            path.write_bytes(content)
        report = benchmark(paths, rounds=rounds, cold=False)
    first: dict[str, float] = {}
    for row in report.files:
        first.setdefault(row.path, row.median_us)
    return [first[os.fspath(path)] for path in paths]


def _silent(address: str | None, error: Any) -> str:
    if address is None:
        return f"Expected Ray to start on this machine, received: {_last_line(error)}."
    return (
        f"Expected a Ray cluster that answers at {address!r}, received: {_last_line(error)}. Start "
        "one with `ray start --head`, or leave the address out to use this machine."
    )


def _last_line(error: Any) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
