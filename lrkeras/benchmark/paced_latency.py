"""Runs at a fixed pace, as audio asks for them, with pauses in between."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import numpy as np

from lrkeras.benchmark.timed_model import TimedModel

# Seconds before it is the next model's turn: long enough for clocks to fall as they would.
_TURN_SECONDS = 0.5
# The first of these runs, which find what another model left, are not counted.
_UNTIMED = 3


@dataclasses.dataclass(frozen=True)
class PacedLatency:
    """Times of runs that begin every so often; in microseconds unless said otherwise.

    Between two runs the process sleeps: the processor lowers its clock, and other programs take
    its caches. A model that runs every 10 ms on a phone meets this, and not the times of one run
    after another.

    Attributes:
        period_ms: Milliseconds from the beginning of a run to that of the next.
        count: Number of runs timed.
        median_us, p90_us, p99_us, worst_us: Quantiles of the time of one run, and the longest.
        late: Runs that had not ended when the next one was due.
    """

    period_ms: float
    count: int
    median_us: float
    p90_us: float
    p99_us: float
    worst_us: float
    late: int

    @classmethod
    def of(cls, times: Sequence[float], period_ms: float) -> PacedLatency:
        """What some times in microseconds come to."""
        median, p90, p99 = (float(value) for value in np.percentile(times, [50, 90, 99]))
        late = sum(time > 1e3 * period_ms for time in times)
        return cls(period_ms, len(times), median, p90, p99, float(max(times)), late)


def measure_paced(
    models: Sequence[TimedModel], period_ms: float, runs: int, rng: np.random.Generator
) -> list[PacedLatency]:
    """Runs every model at a pace, in turns of half a second, in an order drawn anew each time.

    Args:
        models: What is run.
        period_ms: Milliseconds from the beginning of a run to that of the next.
        runs: Timed runs of each, at least.
        rng: Draws the order.
    """
    turn = max(1, round(1e3 * _TURN_SECONDS / period_ms))
    times: list[list[float]] = [[] for _ in models]
    for _ in range(-(-runs // turn)):
        for index in rng.permutation(len(models)):
            times[index] += _turn(models[index], period_ms / 1e3, turn)
    return [PacedLatency.of(found, period_ms) for found in times]


def _turn(model: TimedModel, period: float, runs: int) -> list[float]:
    """Microseconds of some runs, each of which begins a period after the one before."""
    found, due = [], time.perf_counter()
    for _ in range(_UNTIMED + runs):
        found.append(model.run_ns() / 1e3)
        # A run that is late puts the ones after it off; it does not make them hurry.
        now = time.perf_counter()
        due = max(due + period, now)
        time.sleep(due - now)
    return found[_UNTIMED:]
