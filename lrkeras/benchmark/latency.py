"""Timing .tflite files side by side."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from lrkeras.benchmark.caches import CacheFlusher
from lrkeras.benchmark.call_overhead import smallest_model
from lrkeras.benchmark.file_latency import FileLatency
from lrkeras.benchmark.file_memory import FileMemory
from lrkeras.benchmark.file_quality import FileQuality, split_command
from lrkeras.benchmark.latency_report import LatencyReport
from lrkeras.benchmark.paced_latency import PacedLatency, measure_paced
from lrkeras.benchmark.signatures import read_model, signature_graphs, steps_of
from lrkeras.benchmark.timed_model import TimedModel
from lrkeras.export.tflite.sparse_hazards import find_sparse_hazards
from lrkeras.system.held_folder import scratch_folder
from lrkeras.system.machine import describe_machine, load_average
from lrkeras.system.versions import package_versions

# Runs in a turn. The first ones bring the file's weights back into the caches that the others
# used; the seventh of a file of 18 MB takes as long as the fortieth
# (see tools/benchmarks/bench_deploy.py).
_UNTIMED, _TIMED = 10, 10
# Emptying the caches takes longer than most runs.
_MAX_COLD_ROUNDS = 25
# Runs at a pace for each round, and how long the pauses may be.
_PACED_RUNS, _SHORTEST_MS, _LONGEST_MS = 5, 0.1, 1000


def benchmark(
    paths: Sequence[str | os.PathLike],
    *,
    rounds: int = 100,
    num_threads: int | Sequence[int] = 1,
    use_xnnpack: bool | str = True,
    signature: str | None = None,
    cold: bool = True,
    memory: bool = False,
    quality: str | None = None,
    paced_ms: float | None = None,
    seed: int = 0,
) -> LatencyReport:
    """Times one run of each file, all of them in turn within every round.

    Machines drift; files that are measured one after the other cannot be compared. Here each
    round runs every file, in an order drawn anew, and ratios are taken within a round. The states
    of every signature are fed back, inputs change from run to run, and neither is part of the time.

    A turn is 10 runs that are not timed and 10 that are: a file is timed with the caches to
    itself, as a phone that decodes word after word runs it. What a run takes after a pause, with
    the caches full of other things, is measured beside it.

    Args:
        paths: .tflite files with static shapes, from any converter. The first one is what the
            others are compared with.
        rounds: Number of rounds; in each, every file runs 10 times on the clock.
        num_threads: Threads of the kernels, or several numbers to compare.
        use_xnnpack: Whether XNNPACK takes the operators it knows, or `"both"` to compare. A file
            that XNNPACK misreads (`lrkeras.export.find_sparse_hazards`) runs without it always.
        signature: The only signature to time; None for all that a file has.
        cold: Whether to measure runs after a pause too, in up to 25 of the rounds.
        memory: Whether to measure the memory of each file, in a process of its own.
        quality: A command that judges a file, such as `"python my_eval.py {file}"`; the last line
            that it prints is a number. A command that fails is reported, not raised.
        paced_ms: Whether to measure runs that begin every so many milliseconds too, with the
            process asleep in between, as audio and the like ask for them; from 0.1 to 1000.
        seed: Seed of the inputs and of the order.

    Returns:
        A report with a row for each file, signature and setting.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If an option makes no sense, or a file cannot be loaded.
        RuntimeError: If the process that measures the memory fails.
    """
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    threads = [num_threads] if isinstance(num_threads, int) else list(num_threads)
    delegates = [True, False] if use_xnnpack == "both" else [bool(use_xnnpack)]
    _check(paths, rounds, threads, use_xnnpack, quality, paced_ms)
    settings = [(count, delegate) for delegate in delegates for count in threads]
    rng = np.random.default_rng(seed)
    with _smallest_file() as smallest:
        # First, so that what the runtime sets up once is no file's loading time.
        empty = [TimedModel(smallest, *setting, rng) for setting in settings]
        cases = [
            _Case(os.fspath(path), name, *setting, rng)
            for path in paths
            for name in _signatures(path, signature)
            for setting in _safe(settings, path)
        ]
        times, cold_times = _interleaved([case.model for case in cases], rounds, rng, cold)
        overhead, _ = _interleaved(empty[:1], rounds, rng, False)
        paced: list[PacedLatency] = []
        if paced_ms is not None:
            models = [case.model for case in cases]
            paced = measure_paced(models, paced_ms, _PACED_RUNS * rounds, rng)
        sizes = [
            FileMemory.measure(path, *setting, smallest)
            for path in (paths if memory else [])
            for setting in _safe(settings, path)
        ]
    return LatencyReport(
        files=_rows(cases, times, cold_times, paced),
        rounds=rounds,
        num_threads=threads[0] if len(threads) == 1 else threads,
        use_xnnpack="both" if len(delegates) > 1 else delegates[0],
        seed=seed,
        overhead_us=float(np.median(overhead)),
        machine=describe_machine(),
        load_average=load_average(),
        versions=package_versions(),
        memory=sizes,
        warnings=[line for path in paths for line in _warnings(settings, path)],
        quality=[FileQuality.measure(quality, path) for path in paths] if quality else [],
    )


class _Case:
    """A file with a signature and a setting, and the model that runs it."""

    def __init__(
        self,
        path: str,
        signature: str | None,
        threads: int,
        xnnpack: bool,
        rng: np.random.Generator,
    ):
        self.path, self.signature = path, signature
        self.num_threads, self.use_xnnpack = threads, xnnpack
        self.steps = steps_of(read_model(path), signature)
        self.model = TimedModel(path, threads, xnnpack, rng, signature)


def _check(
    paths: list,
    rounds: int,
    threads: list[int],
    use_xnnpack: bool | str,
    quality: str | None,
    paced_ms: float | None,
) -> None:
    if not paths or rounds < 1 or not threads or min(threads) < 1:
        raise ValueError(
            "Expected at least one file, one round and one thread, received "
            f"{len(paths)} files, rounds={rounds}, num_threads={threads}."
        )
    if use_xnnpack not in (True, False, "both"):
        raise ValueError(
            f'Expected `use_xnnpack` to be True, False or "both", received {use_xnnpack!r}.'
        )
    if quality is not None:
        split_command(quality)
    if paced_ms is not None and not _SHORTEST_MS <= paced_ms <= _LONGEST_MS:
        raise ValueError(
            f"Expected a pace of {_SHORTEST_MS} to {_LONGEST_MS} ms, received {paced_ms}."
        )


def _signatures(path: str | os.PathLike, only: str | None) -> list[str | None]:
    return list(signature_graphs(read_model(path))) if only is None else [only]


def _safe(settings: list[tuple[int, bool]], path: str | os.PathLike) -> list[tuple[int, bool]]:
    """The settings that a file may run in: without XNNPACK where that computes nonsense."""
    if not find_sparse_hazards(path):
        return settings
    return list(dict.fromkeys((threads, False) for threads, _ in settings))


def _warnings(settings: list[tuple[int, bool]], path: str | os.PathLike) -> list[str]:
    if _safe(settings, path) == settings:
        return []
    return [
        f"{os.fspath(path)} ran without XNNPACK, which reads its block-sparse int8 filters as "
        "though they were dense, and computes nonsense or crashes."
    ]


@contextlib.contextmanager
def _smallest_file() -> Iterator[str]:
    with scratch_folder() as folder:
        path = os.path.join(folder, "smallest.tflite")
        with open(path, "wb") as stream:
            stream.write(smallest_model())
        yield path


def _interleaved(
    models: list[TimedModel], rounds: int, rng: np.random.Generator, cold: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds of every run, (models, rounds, runs in a turn); and (models, cold rounds)."""
    times = np.empty((len(models), rounds, _TIMED))
    cold_times = np.empty((len(models), min(rounds, _MAX_COLD_ROUNDS) if cold else 0))
    flush: Callable[[], None] = CacheFlusher() if cold else lambda: None
    for number in range(rounds):
        for index in rng.permutation(len(models)):
            if number < cold_times.shape[1]:
                flush()
                cold_times[index, number] = models[index].run_ns() / 1e3
            for _ in range(_UNTIMED):
                models[index].run_ns()
            times[index, number] = [models[index].run_ns() / 1e3 for _ in range(_TIMED)]
    return times, cold_times


def _rows(
    cases: list[_Case], times: np.ndarray, cold_times: np.ndarray, paced: list[PacedLatency]
) -> list[FileLatency]:
    steps = np.array([case.steps for case in cases])[:, None]
    per_step, cold_step = np.median(times, axis=2) / steps, cold_times / steps
    rows = [
        _row(case, runs, per_step[0] / mine, cold, cold_step[0] / (cold / case.steps))
        for case, runs, mine, cold in zip(cases, times, per_step, cold_times, strict=True)
    ]
    if not paced:
        return rows
    return [dataclasses.replace(r, paced=p) for r, p in zip(rows, paced, strict=True)]


def _row(
    case: _Case,
    times: np.ndarray,
    speedups: np.ndarray,
    cold: np.ndarray,
    cold_speedups: np.ndarray,
) -> FileLatency:
    median, p90, p99 = (float(value) for value in np.percentile(times, [50, 90, 99]))
    low, middle, high = (float(value) for value in np.percentile(speedups, [25, 50, 75]))
    model = case.model
    return FileLatency(
        path=case.path,
        file_bytes=os.path.getsize(case.path),
        signature=case.signature,
        steps=case.steps,
        num_threads=case.num_threads,
        use_xnnpack=case.use_xnnpack,
        open_us=model.open_us,
        allocate_us=model.allocate_us,
        first_run_us=model.first_run_us,
        load_us=model.load_us,
        cold_us=float(np.median(cold)) if cold.size else None,
        median_us=median,
        p90_us=p90,
        p99_us=p99,
        count=times.size,
        step_us=median / case.steps,
        step_p90_us=p90 / case.steps,
        speedup=middle,
        speedup_quartiles=(low, high),
        cold_speedup=float(np.median(cold_speedups)) if cold.size else None,
    )
