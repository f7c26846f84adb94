"""Runs a file for long and many at once: memory stays flat, states are those of a fresh runner.

    .venv/bin/python tools/hardening/run_long.py [--short] [--out docs/results/data/long_runs.json]

Linux alone. Exits with 1 if memory grew by more than a tenth or a state differs in a bit.
"""

from __future__ import annotations

import argparse
import gc
import json
import pathlib
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

MOST_GROWTH = 1.10
STREAMS, THREADS = 64, 4
# Times each is done, and how often in the short form.
COUNTS = {"steps": (1_000_000, 2000), "stream_steps": (10_000, 20)}
COUNTS |= {"interpreters": (10_000, 50), "conversions": (200, 2)}


def main() -> int:
    """Runs, writes or prints the report, and says whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="a little of each")
    parser.add_argument("--only", choices=sorted(COUNTS), help="this row alone")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    names = [options.only] if options.only else list(COUNTS)
    report = run({name: COUNTS[name][options.short] for name in names})
    if options.out:
        from lrkeras.system.json_file import write_json

        write_json(options.out, report)
    else:
        print(json.dumps(report, indent=1))
    return 0 if all(row["equal"] and row["flat"] for row in report["rows"]) else 1


def run(counts: dict[str, int]) -> dict[str, Any]:
    """A row for each, with the memory after a tenth of it and at its end."""
    from lrkeras.system.machine import describe_machine
    from lrkeras.system.versions import package_versions

    with tempfile.TemporaryDirectory() as name:
        file = str(pathlib.Path(name) / "step.tflite")
        model = _model()
        _convert(model, file)
        parts = {"steps": _steps, "stream_steps": _streams, "interpreters": _interpreters}
        rows = [
            _row(part, count, parts[part](file, count))
            for part, count in counts.items()
            if part != "conversions"
        ]
        if "conversions" in counts:
            rows.append(
                _row("conversions", counts["conversions"], _conversions(model, file, counts))
            )
    return {
        "command": "python tools/hardening/run_long.py",
        "machine": describe_machine(),
        "versions": package_versions(),
        "most_growth": MOST_GROWTH,
        "rows": rows,
    }


def _row(part: str, count: int, found: tuple[bool, int, int, float]) -> dict[str, Any]:
    equal, before, after, seconds = found
    return {
        "part": part,
        "count": count,
        "equal": equal,
        "rss_bytes_after_a_tenth": before,
        "rss_bytes": after,
        "growth": round(after / before, 4),
        "flat": after <= MOST_GROWTH * before,
        "seconds": round(seconds, 1),
    }


def _model() -> Any:
    import keras

    keras.utils.set_random_seed(0)
    lstm = keras.layers.LSTM(8, return_sequences=True)
    return keras.Sequential([keras.Input((None, 4)), lstm, keras.layers.Dense(3)])


def _convert(model: Any, file: str) -> None:
    from lrkeras import convert

    convert(model, file, form="step")


def _watched(count: int, one: Callable[[int], None]) -> tuple[int, int, float]:
    begin, before = time.perf_counter(), 0
    for number in range(count):
        one(number)
        if number == count // 10:
            before = _memory()
    return before, _memory(), time.perf_counter() - begin


def _memory() -> int:
    gc.collect()
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * resource.getpagesize()


def _inputs(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(997, 1, 1, 4)).astype("float32")


def _same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(one[name].tobytes() == other[name].tobytes() for name in other)


def _steps(file: str, count: int) -> tuple[bool, int, int, float]:
    """One stream; then the last sequence again, after a reset and by a fresh runner."""
    from lrkeras import StepRunner

    runner, inputs = StepRunner(file), _inputs()
    memory = _watched(count, lambda number: runner.step(inputs[number % len(inputs)]))
    again, fresh = runner, StepRunner(file)
    again.reset()
    for x in inputs:
        again.step(x)
        fresh.step(x)
    return _same(again.states, fresh.states), *memory


def _streams(file: str, count: int) -> tuple[bool, int, int, float]:
    """Many streams of one file from several threads; each must end as if it had been alone."""
    from lrkeras import StepRunner

    first = StepRunner(file)
    streams = [first.stream() for _ in range(STREAMS)]
    inputs = [_inputs(number) for number in range(STREAMS)]
    memories: list[int] = []

    def feed(numbers: range) -> None:
        for step in range(count):
            for number in numbers:
                streams[number].step(inputs[number][step % 997])
            if step == count // 10 and numbers.start == 0:
                memories.append(_memory())

    begin = time.perf_counter()
    threads = [
        threading.Thread(target=feed, args=(range(n, STREAMS, THREADS),)) for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    memory = (*memories, _memory(), time.perf_counter() - begin)
    equal = True
    for number in range(0, STREAMS, 16):
        alone = StepRunner(file)
        for step in range(count):
            alone.step(inputs[number][step % 997])
        equal = equal and _same(streams[number].states, alone.states)
    return equal, *memory


def _interpreters(file: str, count: int) -> tuple[bool, int, int, float]:
    from lrkeras import StepRunner

    x, outputs = _inputs()[0], set()

    def one(_: int) -> None:
        outputs.add(StepRunner(file).step(x).tobytes())

    memory = _watched(count, one)
    return len(outputs) == 1, *memory


def _conversions(model: Any, file: str, counts: dict) -> tuple[bool, int, int, float]:
    first = pathlib.Path(file).read_bytes()
    memory = _watched(counts["conversions"], lambda _: _convert(model, file))
    return len(pathlib.Path(file).read_bytes()) == len(first), *memory


if __name__ == "__main__":
    sys.exit(main())
