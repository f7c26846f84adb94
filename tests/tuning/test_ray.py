"""Trials on Ray's workers, on this machine."""

import time

import pytest

from lrkeras.tuning.candidates import Candidate
from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.trial import Trial, start_of
from lrkeras.tuning.trial_records import TrialRecords

pytest.importorskip("ray")


def _recorded(task, records):
    start = start_of(task, Candidate(Recipe("x", learning_rate=0.01, epochs=2)), None)
    known = {"recipe": start.recipe.config, "start_bytes": len(start.file), "budget": None}
    for number in range(3):
        recipe = {**known["recipe"], "learning_rate": 3e38 if number == 2 else 0.01}
        files = {"start.keras": start.model, "start.tflite": start.file}
        records.write_start(number, {**known, "number": number, "recipe": recipe}, files)
    return start


@pytest.mark.slow  # the tests below start clusters too, those of trials train the same
def test_workers_of_ray_do_what_this_process_does(task, tmp_path):
    from lrkeras.tuning.ray_workers import Workers, cluster

    records = TrialRecords(tmp_path)
    start = _recorded(task, records)
    epochs, ended = [], []
    with cluster(None, 2):
        workers = Workers(task, records, tmp_path)
        budgets = {0: "", 1: "stops", 2: ""}
        workers.train(
            [0, 1, 2],
            budgets,
            {("stops", 1): -1.0},
            lambda *seen: epochs.append(seen),
            ended.append,
        )
        times = workers.times([start.file, start.file], rounds=3)
    assert sorted(ended) == [0, 1, 2] and all(time > 0 for time in times)
    assert records.result(0)["state"] == "done" and records.result(1) is None
    assert records.result(2)["state"] == "diverged"
    here = Trial(task, start)
    assert [cost for number, _, cost in epochs if number == 0] == pytest.approx(
        [here.epoch(), here.epoch()], rel=1e-4
    )
    assert [number for number, *_ in epochs].count(1) == 1


def test_a_cluster_nobody_named_is_left_alone(monkeypatch):
    import ray

    from lrkeras.tuning.ray_workers import cluster

    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    with cluster(None, 1):
        assert ray.cluster_resources()["CPU"] == 1


def test_a_process_that_uses_jax_starts_a_cluster_without_warnings():
    pytest.importorskip("jax").devices()
    from lrkeras.tuning.ray_workers import cluster

    with cluster(None, 1):
        pass


def test_a_cluster_that_does_not_answer_is_told_at_once(tmp_path):
    from lrkeras.tuning.ray_workers import check_answers

    for address in ("127.0.0.1:9", "nowhere"):
        begun = time.monotonic()
        with pytest.raises(ConnectionError, match="Expected a Ray cluster that answers"):
            check_answers(address)
        assert time.monotonic() - begun < 10
