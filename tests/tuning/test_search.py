import pytest
from tuning.in_process import InProcessWorkers, PretendingWorkers

from lrkeras.tuning.file_budget import FileBudget
from lrkeras.tuning.progress_table import ProgressTable
from lrkeras.tuning.search import Search
from lrkeras.tuning.trial_records import TrialRecords
from lrkeras.tuning.tune_report import judged

RIVALS, TRIALS = 9, 33


def _search(task, folder, budgets="20 KB", epochs=6, trials=TRIALS):
    records = TrialRecords(folder)
    training = {"learning_rate": 0.01, "epochs": epochs, "distill": True}
    table = ProgressTable(trials, "val_loss", show=False)
    return Search(task, records, FileBudget.read(budgets), trials, training, table), records


def _known(records, count=TRIALS):
    return [{**records.start(number), **records.result(number)} for number in range(count)]


def _whole(task, folder, **options):
    search, records = _search(task, folder)
    workers = PretendingWorkers(task, records, **options)
    search.run(workers, TRIALS)
    return workers, records


def test_a_search_that_was_stopped_goes_on_and_runs_no_trial_twice(task, tmp_path):
    _, straight = _whole(task, tmp_path / "straight")
    first, _ = _search(task, tmp_path / "stopped")
    before = PretendingWorkers(task, TrialRecords(tmp_path / "stopped"), interrupted_at=17)
    with pytest.raises(KeyboardInterrupt):
        first.run(before, TRIALS)
    after, records = _whole(task, tmp_path / "stopped")
    assert not set(before.trained) & set(after.trained)
    assert _known(records) == _known(straight)


def test_trials_whose_worker_dies_are_accounted_for(task, tmp_path):
    _, records = _whole(task, tmp_path, killed=(3, 12))
    states = [trial["state"] for trial in _known(records)]
    assert [number for number, state in enumerate(states) if state == "died"] == [3, 12]
    assert states[7] == "not possible" and states.count("stopped") > 2
    assert states[:3] == ["done"] * 3


def test_what_is_behind_half_of_the_trials_before_stops_early(task, tmp_path):
    _, records = _whole(task, tmp_path)
    known = _known(records)
    for trial in known:
        if trial["state"] == "stopped":
            assert trial["number"] >= RIVALS and len(trial["history"]) in (2, 4)
            assert "behind half of the trials before it" in trial["why"]


def test_the_winner_is_the_best_file_within_the_budget(task, tmp_path):
    _, records = _whole(task, tmp_path)
    known = [{"us": 1.0, **trial} for trial in _known(records)]
    ((found,), front) = judged(known, FileBudget.read("20 KB"), more_is_better=False)
    within = {t["number"]: t["quality"] for t in known if t.get("bytes", 1e9) <= 20_000}
    assert found["winner"] == min(within, key=within.get) and found["winner"] in front
    ((none,), _) = judged(known, FileBudget.read("1 KB"), more_is_better=False)
    assert none["winner"] is None and "the smallest file has 20,000 bytes" in none["nearest"]


def test_a_time_makes_rivals_smaller_than_the_model(task, tmp_path):
    search, records = _search(task, tmp_path, budgets="10 us", trials=RIVALS)
    search.run(PretendingWorkers(task, records), RIVALS)
    # Its 50,000 bytes take 50 us.
    assert all(records.start(number)["us"] <= 10 for number in (3, 4, 5, 6, 8))


def test_fewer_trials_than_rivals_are_refused(task, tmp_path):
    with pytest.raises(ValueError, match="at least 9 trials"):
        _search(task, tmp_path, trials=8)


@pytest.mark.slow  # test_trial.py makes some of them
def test_rivals_are_made_trained_and_judged(task, tmp_path):
    search, records = _search(task, tmp_path, epochs=1, trials=RIVALS)
    search.run(InProcessWorkers(task, records), RIVALS)
    known = _known(records, RIVALS)
    assert [trial["state"] for trial in known] == ["done"] * RIVALS
    assert all(0.7 * 20_000 < trial["bytes"] <= 20_000 for trial in known[3:])
    for trial in known:
        assert trial["quality"] == pytest.approx(trial["keras"], rel=0.05)
