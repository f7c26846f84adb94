"""Runs at a pace, on a model that says when it ran."""

import time

import numpy as np
import pytest

from lrkeras.benchmark import PacedLatency, benchmark
from lrkeras.benchmark.call_overhead import smallest_model
from lrkeras.benchmark.paced_latency import measure_paced


class _Model:
    def __init__(self, slow=()):
        self.begins, self._slow = [], slow

    def run_ns(self):
        begin = time.perf_counter()
        self.begins.append(begin)
        if len(self.begins) in self._slow:
            time.sleep(0.03)
        return int(1e9 * (time.perf_counter() - begin))


def test_quantiles_and_late_runs():
    times = [*range(1, 99), 5_000, 12_000]
    found = PacedLatency.of(times, period_ms=10)
    assert (found.count, found.late, found.worst_us) == (100, 1, 12_000)
    assert found.median_us == np.median(times) and found.p90_us == np.percentile(times, 90)


def test_runs_begin_a_period_apart_and_in_turns():
    models = [_Model(), _Model(slow=range(5, 9))]
    fast, slow = measure_paced(models, 10.0, 60, np.random.default_rng(0))
    # Two turns of half a second each, with three runs before that are not counted.
    assert [len(model.begins) for model in models] == [2 * 53, 2 * 53]
    assert (fast.count, slow.count) == (100, 100) and fast.period_ms == 10
    for model in models:
        for turn in (model.begins[:53], model.begins[53:]):
            assert turn[-1] - turn[0] > 51 * 0.01
    # The slow ones are late; those after them do not hurry.
    assert slow.late >= 4 and slow.worst_us > 30_000
    assert np.diff(models[1].begins[4:9]).min() > 0.029
    first, second = sorted(models, key=lambda model: model.begins[0])
    assert first.begins[52] < second.begins[0] < second.begins[52]


def test_a_benchmark_has_a_table_of_it(tmp_path):
    path = tmp_path / "smallest.tflite"
    path.write_bytes(smallest_model())
    report = benchmark(path, rounds=2, cold=False, paced_ms=1.5)
    (row,) = report.files
    assert row.paced.period_ms == 1.5 and row.paced.count >= 10
    assert 0 < row.paced.median_us <= row.paced.p90_us <= row.paced.worst_us
    assert benchmark(path, rounds=1, cold=False).files[0].paced is None


@pytest.mark.parametrize("pace", [0, -1, 1e6])
def test_a_pace_nobody_can_keep(tmp_path, pace):
    with pytest.raises(ValueError, match=r"pace of 0\.1 to 1000 ms, received"):
        benchmark(tmp_path / "none.tflite", paced_ms=pace)
