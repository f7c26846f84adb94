import json

import pytest
from tuning.in_process import InProcessWorkers

from lrkeras.tuning.file_budget import FileBudget
from lrkeras.tuning.progress_table import ProgressTable
from lrkeras.tuning.search import Search
from lrkeras.tuning.trial_records import TrialRecords
from lrkeras.tuning.tune_report import judged

TRAINING = {"learning_rate": 0.01, "epochs": 1, "distill": True}
BUDGET = "20 KB"


def _search(task, folder, trials=9, budgets=BUDGET):
    records = TrialRecords(folder)
    limits = FileBudget.read(budgets)
    table = ProgressTable(trials, "val_loss", show=False)
    return Search(task, records, limits, trials, TRAINING, table), records


@pytest.fixture(scope="module")
def finished(task, tmp_path_factory):
    """A search of the rivals in which a worker dies, stopped in the middle and gone on with."""
    folder = tmp_path_factory.mktemp("search")
    search, records = _search(task, folder)
    first = InProcessWorkers(task, records, killed=(4,), interrupted_at=6)
    with pytest.raises(KeyboardInterrupt):
        search.run(first, 9)
    again, records = _search(task, folder)
    second = InProcessWorkers(task, records)
    again.run(second, 9)
    return records, first, second


def test_every_trial_is_accounted_for_and_none_that_is_over_runs_twice(finished):
    records, first, second = finished
    results = [records.result(number) for number in range(9)]
    assert [result["state"] for result in results].count("done") == 8
    assert results[4]["state"] == "died"
    assert not set(first.trained) & set(second.trained)
    assert set(first.trained) | set(second.trained) == {0, 1, 2, 3, 5, 6, 7, 8}


def test_rivals_are_of_the_size_that_was_asked_for(finished):
    records, *_ = finished
    for number in (3, 5, 6, 7, 8):
        assert 0.8 * 20_000 < records.result(number)["bytes"] <= 20_000
    assert records.start(3)["recipe"]["fresh"] and records.start(3)["recipe"]["units"] > 1
    assert records.start(7)["recipe"]["budget"].endswith("B int8")
    assert records.start(8)["recipe"]["compression"] > 1


def test_the_winner_is_the_best_file_within_the_budget(finished):
    records, *_ = finished
    known = [{**records.start(n), **records.result(n)} for n in range(9)]
    ((found,), front) = judged(known, FileBudget.read(BUDGET), more_is_better=False)
    within = {t["number"]: t["quality"] for t in known if t.get("bytes", 1e9) <= 20_000}
    assert found["winner"] == min(within, key=within.get)
    assert all(rival["low"] <= rival["difference"] <= rival["high"] for rival in found["rivals"])
    assert found["winner"] in front
    (none,), _ = judged(known, FileBudget.read("1 KB"), more_is_better=False)
    assert none["winner"] is None and "the smallest file has" in none["nearest"]


def test_records_are_json_that_says_all(finished):
    records, *_ = finished
    assert json.loads(json.dumps(records.result(1)))["history"]
    assert records.result(1)["quality"] == pytest.approx(records.result(1)["keras"], rel=0.05)


def test_fewer_trials_than_rivals_are_refused(task, tmp_path):
    with pytest.raises(ValueError, match="at least 9 trials"):
        _search(task, tmp_path, trials=8)


def test_what_takes_too_long_is_made_smaller_or_said_to_be_over(task, tmp_path):
    search, records = _search(task, tmp_path, budgets="9 us")
    workers = InProcessWorkers(task, records, us_of=lambda file: len(file) / 2e3)
    search.run(workers, 9)
    for number in range(3, 9):
        result, start = records.result(number), records.start(number)
        assert start["us"] <= 9 or result["state"] in ("over budget", "not possible")
    assert any(records.result(number)["state"] == "done" for number in range(3, 9))
