"""Timing .tflite files side by side."""

import os
import tempfile
from collections.abc import Sequence

import numpy as np

from lrkeras.benchmark.call_overhead import smallest_model
from lrkeras.benchmark.file_latency import FileLatency
from lrkeras.benchmark.latency_report import LatencyReport
from lrkeras.benchmark.machine import describe_machine
from lrkeras.benchmark.timed_model import TimedModel
from lrkeras.export.versions import package_versions

# Runs in a turn: the first brings the file's weights back into the cache and is not counted.
_UNTIMED, _TIMED = 1, 10


def benchmark(
    paths: Sequence[str | os.PathLike],
    *,
    rounds: int = 100,
    num_threads: int = 1,
    use_xnnpack: bool = True,
    seed: int = 0,
) -> LatencyReport:
    """Times one run of each file, all of them in turn within every round.

    Machines drift; files that are measured one after the other cannot be compared. Here each
    round runs every file, in an order drawn anew, and ratios are taken within a round. States of
    step files are fed back, inputs change from run to run, and neither is part of the time.

    Args:
        paths: .tflite files with static shapes, from any converter. The first one is what the
            others are compared with.
        rounds: Number of rounds; in each, every file runs 10 times.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK takes the operators it knows.
        seed: Seed of the inputs and of the order.

    Returns:
        A report with a row for each file.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If there is no file, `rounds` is below one, or a file cannot be loaded.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    if not paths or rounds < 1 or num_threads < 1:
        raise ValueError(
            "Expected at least one file, one round and one thread, received "
            f"{len(paths)} files, rounds={rounds}, num_threads={num_threads}."
        )
    rng = np.random.default_rng(seed)
    models = [TimedModel(path, num_threads, use_xnnpack, rng) for path in paths]
    times = _interleaved(models, rounds, rng)
    per_round = np.median(times, axis=2)
    return LatencyReport(
        files=[
            _row(path, model, runs, per_round[0] / mine)
            for path, model, runs, mine in zip(paths, models, times, per_round, strict=True)
        ],
        rounds=rounds,
        num_threads=num_threads,
        use_xnnpack=use_xnnpack,
        seed=seed,
        overhead_us=_call_overhead(num_threads, use_xnnpack, rounds),
        machine=describe_machine(),
        versions=package_versions(),
    )


def _interleaved(models: list[TimedModel], rounds: int, rng: np.random.Generator) -> np.ndarray:
    """Microseconds of every run, (models, rounds, runs in a turn)."""
    times = np.empty((len(models), rounds, _TIMED))
    for number in range(rounds):
        for index in rng.permutation(len(models)):
            for _ in range(_UNTIMED):
                models[index].run_ns()
            times[index, number] = [models[index].run_ns() / 1e3 for _ in range(_TIMED)]
    return times


def _row(
    path: str | os.PathLike, model: TimedModel, times: np.ndarray, speedups: np.ndarray
) -> FileLatency:
    median, p90, p99 = np.percentile(times, [50, 90, 99])
    low, middle, high = np.percentile(speedups, [25, 50, 75])
    return FileLatency(
        path=os.fspath(path),
        file_bytes=os.path.getsize(path),
        load_us=model.load_us,
        median_us=float(median),
        p90_us=float(p90),
        p99_us=float(p99),
        count=times.size,
        speedup=float(middle),
        speedup_quartiles=(float(low), float(high)),
    )


def _call_overhead(num_threads: int, use_xnnpack: bool, rounds: int) -> float:
    """Median microseconds of a run that computes next to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "smallest.tflite")
        with open(path, "wb") as stream:
            stream.write(smallest_model())
        model = TimedModel(path, num_threads, use_xnnpack, np.random.default_rng(0))
        return float(np.median(_interleaved([model], rounds, np.random.default_rng(0))))
