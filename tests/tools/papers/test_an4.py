"""Rates, table, intervals, figures and page of the AN4 rows."""

import dataclasses
import json
import sys

import an4_table as table
import numpy as np
import pytest
import rows_at_rates
from load_tool import load_tool
from run_file import read_runs_file

from lrkeras.tasks.papers.an4.rows import config_of

report, training = load_tool("report_an4"), load_tool("train_an4")

# Errors of five speakers with a hundred words each.
ERRORS = {"dense": [10, 20, 30, 40, 50], "small": [14, 26, 33, 47, 55]}

BEGIN, END = "<!-- tables of report_an4.py -->", "<!-- end of the tables -->"


def counts(errors):
    names = [f"speaker{number}" for number in range(len(errors))]
    return {"errors": dict(zip(names, errors, strict=True)), "words": dict.fromkeys(names, 100)}


def result(row, errors, *, seed=1, loss=50.0, **changes):
    """A result as a training writes it, with figures that are easy to work with."""
    config = config_of(row)
    found = {"greedy": counts(errors), "beam": counts([e - 5 for e in errors])}
    splits = ("valid", "test") if config.reads_test else ("valid",)
    fields = ("row", "base", "method", "compression", "learning_rate", "reads_test")
    return {
        "config": {**{name: getattr(config, name) for name in fields}, "seed": seed},
        "command": "lrkeras train papers/x --data /home/me/an4 --out /home/me/runs",
        "word_errors": dict.fromkeys(splits, found),
        "recurrent": {"parameters": 25, "dense_parameters": 100, "compression": 4.0},
        "models": {row: {"parameters": 30}},
        "seconds": 7200,
        "processor_seconds": 3600,
        "history": {"val_loss": [90.0, loss], "val_word_error_rate": [1.0, 0.3]},
        "deployment": {
            "step_us": 10.0,
            "speedup_over_dense_int8": 2.0,
            "file_bytes": 40_000,
            "word_errors": dict.fromkeys(splits, found),
        },
        **dict.fromkeys(("machine", "backend", "threads", "python", "versions"), "x"),
        **changes,
    }


RUNS = [
    result("an4", ERRORS["dense"]),
    result("an4", [e + 1 for e in ERRORS["dense"]], seed=2),
    result("an4_small_dense_4x_rate0.5", ERRORS["small"]),
    result("an4_small_dense_4x_e15", [90] * 5, loss=45.0),
    result("an4_small_dense_4x_rate0.5_e15", [90] * 5, loss=40.0),
    result("an4_tiny", [0] * 5),
]


def test_a_difference_is_that_of_all_words_with_the_error_of_its_mean():
    small, dense = [RUNS[2]], [RUNS[0]]
    mean, low, high = table.difference(small, dense)
    apart = np.array(ERRORS["small"]) - ERRORS["dense"]  # of a hundred words: percent
    assert mean == pytest.approx(apart.mean()) == 5
    # Five speakers drawn from five: their mean deviates by the deviation over sqrt(5).
    error = apart.std() / np.sqrt(5)
    assert low == pytest.approx(5 - 1.96 * error, abs=0.25)
    assert high == pytest.approx(5 + 1.96 * error, abs=0.25)


def test_seeds_are_drawn_too():
    two = [RUNS[2], result("an4_small_dense_4x", [e + 10 for e in ERRORS["small"]], seed=2)]
    mean, low, high = table.difference(two, [RUNS[0]])
    assert mean == 10
    # A draw of twice the first seed, or twice the second, is one in four each.
    assert low < 6 and high > 14
    assert table.difference(two, two)[0] == 0


def test_a_row_is_the_mean_of_its_seeds_without_short_runs_and_tiny_ones():
    summary = table.summarise(RUNS)
    assert [row["kind"] for row in summary["rows"]] == ["dense", "small_dense"]
    dense, small = summary["rows"]
    assert dense["word_error_percent"]["test_greedy"] == 30.5
    assert dense["word_error_percents"]["test_beam"] == [25.0, 26.0]
    assert (dense["seeds"], dense["hours"], dense["processor_hours"]) == ([1, 2], 2, 1)
    assert small["to_dense"][0] == pytest.approx(35 - 30.5)
    assert small["learning_rate"] == pytest.approx(1.5e-3)
    assert summary["validation_loss_of_short_runs"] == {"small_dense": {"0.003": 45, "0.0015": 40}}
    assert summary["missing"] == {
        "dense": 1,
        "hybrid_stack": 3,
        "shared_low_rank": 1,
        "toeplitz_like": 1,
        "low_rank": 3,
        "small_dense": 2,
        "small_dense_of_low_rank": 3,
        "small_dense_of_hybrid": 1,
    }


def hybrid(errors):
    return [*RUNS, result("an4_hybrid_stack_4x", errors)]


@pytest.mark.parametrize(
    ("errors", "verdicts"),
    [
        # 30.5 dense, 35 small dense on the mean.
        ([10, 20, 30, 40, 50], ["held", "held"]),
        ([14, 26, 33, 47, 54], ["did not hold", "not shown"]),
        ([18, 30, 37, 51, 59], ["did not hold", "did not hold"]),
    ],
)
def test_goals(errors, verdicts):
    goals = table.summarise(hybrid(errors))["goals"]
    assert [goal["verdict"] for goal in goals] == [*verdicts, "open", "open", "open"]


def test_a_goal_without_its_rows_is_open():
    goals = table.summarise(RUNS)["goals"]
    assert [goal["verdict"] for goal in goals] == ["open"] * 5
    assert "hybrid stack" in goals[0]["evidence"]


def test_the_rival_of_as_many_bytes_is_a_row_of_its_own():
    rival = result("an4_small_dense_2.25x", [e - 4 for e in ERRORS["dense"]])
    summary = table.summarise([*hybrid(ERRORS["dense"]), rival])
    means = {row["kind"]: row["word_error_percent"]["test_greedy"] for row in summary["rows"]}
    assert means["small_dense"] == 35 and means["small_dense_of_hybrid"] == 26
    goal = summary["goals"][2]
    assert goal["verdict"] == "did not hold" and "the hybrid stack" in goal["text"]
    assert goal["text"].endswith("bytes")
    assert "small_dense_of_hybrid" not in summary["missing"]


def test_a_size_that_the_table_does_not_have_is_refused():
    with pytest.raises(ValueError, match=r"received 8x of low_rank. Leave its folder out"):
        table.summarise([result("an4_low_rank_8x", ERRORS["small"])])


def test_the_tables_for_the_page():
    text = table.markdown(table.summarise(RUNS))
    assert "| dense | 30.5 | 25.5 | 30.5 |  | 25 | 40 KB | 2.00 | 2 | 2.0 |" in text
    assert "| Toeplitz-like in all layers | missing |" in text
    assert "dense: 1" in text and "small dense (the rival): 2" in text
    assert "| small dense (the rival) | 45.0 | **40.0** |" in text


def test_everything_is_made_of_the_kept_runs(tmp_path, monkeypatch, capsys):
    for number, run in enumerate(RUNS):
        folder = tmp_path / "runs" / str(number)
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(run))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    options = ["--keep", "kept.jsonl", "--out", "table.json", "--plot", "an4", "--page", "page.md"]
    monkeypatch.chdir(tmp_path)
    folders = [str(folder) for folder in sorted((tmp_path / "runs").iterdir())]
    for given in (folders, []):
        monkeypatch.setattr(sys, "argv", ["report_an4", *given, *options])
        report.main()
        tables = capsys.readouterr().out.strip()
        assert "[results of all runs](kept.jsonl)" in tables
        assert "[the table as data](table.json)" in tables
        expected = f"before\n{BEGIN}\n\n{tables}\n\n{END}\nafter\n"
        assert page.read_text() == expected
    kept = read_runs_file(tmp_path / "kept.jsonl")
    assert set(kept) == {
        "an4",
        "an4.seed2",
        "an4_small_dense_4x_rate0.5",
        "an4_small_dense_4x_e15",
        "an4_small_dense_4x_rate0.5_e15",
    }
    assert "/home/me" not in (tmp_path / "kept.jsonl").read_text()
    for figure in ("training", "differences"):
        assert (tmp_path / f"an4_{figure}.png").stat().st_size > 10_000
        assert f"](an4_{figure}.png)" in page.read_text()


def test_the_rate_of_the_lowest_validation_loss_trains_the_row(tmp_path, monkeypatch):
    losses = {
        "an4_low_rank_4x_e15": float("nan"),
        "an4_low_rank_4x_rate0.5_e15": 41.0,
        "an4_low_rank_4x_rate0.2_e15": 44.0,
    }
    trained = []

    def run(command, **_):
        name = command[command.index("train") + 1].removeprefix("papers/")
        seed = int(command[command.index("--seed") + 1])
        trained.append((name, seed))
        folder = tmp_path / command[command.index("--out") + 1]
        folder.mkdir()
        history = {"val_loss": [99.0, losses.get(name, 1.0)]}
        (folder / "result.json").write_text(json.dumps({"history": history}))

    monkeypatch.setattr(rows_at_rates.subprocess, "run", run)
    training.ROWS.train_row("an4_low_rank_4x", "data", tmp_path)
    training.ROWS.train_row("an4_low_rank_4x@2", "data", tmp_path)
    training.ROWS.train_row("an4_low_rank_2.25x", "data", tmp_path)  # at the rate of its kind
    short = [(name, 1) for name in losses]
    row = "an4_low_rank_4x_rate0.5"
    assert trained == [*short, (row, 1), (row, 2), ("an4_low_rank_2.25x_rate0.5", 1)]


def test_made_up_rows_have_made_up_short_runs():
    first = [training.short_names(name)[0] for name in ("an4_tiny", "an4_tiny_low_rank_2.25x")]
    assert first == ["an4_tiny_e15", "an4_tiny_low_rank_4x_e15"]


def test_no_rows_are_not_taken_for_all_done(tmp_path, monkeypatch, capsys):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "an4_train.transcription").touch()
    arguments = ["train_an4.py", f"--data={tmp_path}", f"--out={tmp_path / 'runs'}"]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit, match="2"):
        training.main()
    assert "expected names of rows, or --queue; got none" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_the_queue_has_the_rows_and_seeds_of_the_table():
    names = (load_tool("train_an4").__file__).replace("train_an4.py", "papers_queue_an4.txt")
    with open(names, encoding="utf-8") as lines:
        rows = [line.strip() for line in lines if not line.startswith("#")]
    seeds = {}
    for row in rows:
        name, _, _seed = row.partition("@")
        kind = table.kind_of(dataclasses.asdict(config_of(name)))
        seeds[kind] = seeds.get(kind, 0) + 1
    assert seeds == {kind: wanted for kind, (_, wanted) in table.KINDS.items()}
