"""Intervals, efficiency, claims, figures and page of the ELMo rows."""

import json
import sys

import elmo_runs as runs_of
import elmo_table as table
import numpy as np
import pytest
from elmo_claims import judge, row_name, spread_of
from elmo_page import markdown
from load_tool import load_tool
from run_file import read_runs_file

from lrkeras.tasks.papers.elmo.rows import COMPRESSED, LISTED, config_of

report, training = load_tool("report_elmo"), load_tool("train_elmo")
BEGIN, END = "<!-- tables of report_elmo.py -->", "<!-- end of the tables -->"
RIGHT = [1.0] * 60 + [0.0] * 40
F1 = [1.0, 0.5, 0.25, 0.0] * 25


def seed_of(scores):
    part = {"score": float(np.mean(scores)), "by_example": scores}
    return {
        "valid": part,
        "test": part,
        "parameters": 7,
        "learning": {"loss": [1.23456, 0.9], "val_score": [0.5, 0.6], "processor_seconds": 600.0},
    }


def tasks_of(right, f1=None, seeds=2):
    found = {}
    for name, scores in (("sst", right), ("sick", right), ("squad", f1 or F1)):
        found[name] = {
            "measure": "accuracy",
            "examples": [10, 100, 100],
            "trivial_test": 0.25,
            "trivial_valid": 0.25,
            "seeds": {str(seed): seed_of(scores) for seed in range(1, seeds + 1)},
        }
    return found


def result(row, right=None, f1=None, *, frozen=1000, spreads=(0.1, 0.4), **changes):
    """A result as a training writes it, with figures that are easy to work with."""
    config = config_of(row)
    fields = ("row", "base", "method", "where", "rank")
    found = {
        "config": {**{name: getattr(config, name) for name in fields}, "seed": 1},
        "command": "lrkeras train papers/x --data /home/me/data --out /home/me/runs",
        "tasks": tasks_of(right or RIGHT, f1),
        **dict.fromkeys(("machine", "backend", "threads", "python", "versions"), "x"),
    }
    if config.has_language_model:
        found |= {
            "valid_perplexity": {"forward": 200.0, "backward": 210.0},
            "test_perplexity": {"forward": 201.5, "backward": 211.5},
            "unigram_valid_perplexity": 900.0,
            "unigram_test_perplexity": 905.0,
            "recurrent": {
                "parameters": 900,
                "compression": 2.0,
                "compression_with_indices": 1.5,
            },
            "frozen_parameters": frozen,
            "deployment": {"file_bytes": 40_000, "step_us": 10.0, "speedup_over_dense_int8": 1.5},
            "norms": [
                {"role": role, "l1": 1.0 + n, "l1_spread": spread, "nuclear": 0.5}
                for role, spread in zip(("input", "recurrent"), spreads, strict=True)
                for n in (0, 1)
            ],
            "history": {
                "loss": [5.0, 4.0],
                "val_forward_perplexity": [250.0, 200.0],
                "val_backward_perplexity": [260.0, 210.0],
            },
            "processor_seconds": 3600.0,
        }
    return found | changes


def kept(*args, **changes):
    return runs_of.shortened(result(*args, **changes))


def test_scores_come_back_in_percent():
    run = kept("elmo")
    assert isinstance(run["tasks"]["sst"]["seeds"]["1"]["test"]["by_example"], str)
    np.testing.assert_array_equal(runs_of.test_scores(run, "sst"), [np.multiply(RIGHT, 100)] * 2)
    np.testing.assert_array_equal(runs_of.test_scores(run, "squad"), [np.multiply(F1, 100)] * 2)
    assert runs_of.test_scores(run, "sick").shape == (2, 100)


def test_the_efficiency_by_hand():
    # A tenth of the score for half of the numbers; a gain of a tenth over what is left.
    assert table.efficiency(50.0, 45.0, 100, 50) == pytest.approx(0.2)
    assert table.efficiency(50.0, 55.0, 100, 40) == pytest.approx(-0.1 / (1 - 0.6))
    assert table.efficiency(50.0, 50.0, 100, 50) == 0
    assert table.efficiency(50.0, 45.0, 100, 100) is None


def test_a_difference_and_its_interval_are_those_of_a_share():
    worse = [0.0] * 10 + RIGHT[10:]
    mean, low, high = runs_of.difference(kept("elmo_svd_input_r10", worse), kept("elmo"), "sst")
    assert mean == pytest.approx(-10)
    # Of a hundred examples a tenth is lost: the deviation of a share of 0.1.
    error = 100 * np.sqrt(0.1 * 0.9 / 100)
    assert low == pytest.approx(-10 - 1.96 * error, abs=1)
    assert high == pytest.approx(-10 + 1.96 * error, abs=1)


def test_rows_with_the_same_models_share_the_seeds_drawn():
    first, second = tasks_of(RIGHT), tasks_of(RIGHT)
    for found, scores in ((first, [0.0] * 100), (second, [0.0] * 100)):
        found["sst"]["seeds"]["2"] = seed_of(scores)
    dense = kept("elmo", tasks=first)
    of_it, other = kept("elmo_int8", tasks=second), kept("elmo_small_dense_r10", tasks=second)
    # Every seed is as good as its counterpart; two seeds are 60 points apart.
    assert runs_of.difference(of_it, dense, "sst") == (0, 0, 0)
    mean, low, high = runs_of.difference(other, dense, "sst")
    assert mean == 0 and low < -25 and high > 25


def every_row(**of_rows):
    names = ["elmo", "elmo_words", "elmo_int8", "elmo_small_dense_r10", *COMPRESSED]
    return {
        name: kept(name, of_rows.get(name), frozen=900 if name != "elmo" else 1000)
        for name in names
    }


def test_the_input_matters_more_where_every_interval_says_so():
    worse = [0.0] * 30 + RIGHT[30:]
    worse_f1 = [0.0] * 60 + F1[60:]
    runs = every_row()
    for method in ("svd", "semi_nmf", "pruned"):
        name = row_name(method, "input", 10)
        runs[name] = kept(name, worse, worse_f1)
    name = row_name("svd", "input", 50)
    runs[name] = kept(name, worse, F1)
    ten, fifty, hundred = judge(runs)[:3]
    assert (ten.verdict, fifty.verdict, hundred.verdict) == ("held", "in part", "did not hold")
    assert ten.evidence.startswith("9 of 9")
    assert fifty.evidence == "2 of 9 differences are above 0 for certain, 0 below"
    assert ten.comparisons["SST-5, SVD"][0] == pytest.approx(30)


def test_pruning_is_judged_where_the_spread_is_the_larger():
    better, worse = [1.0] * 30 + RIGHT[30:], [0.0] * 30 + RIGHT[30:]
    runs = every_row()
    name = row_name("svd", "recurrent", 10)
    runs[name] = kept(name, worse, [0.0] * 60 + F1[60:])
    claim = judge(runs)[3]
    assert "(here the recurrent ones)" in claim.text
    assert claim.verdict == "held"
    assert claim.comparisons["SST-5, pruning less SVD"][0] == pytest.approx(30)
    # The other way round: what is spread more gains less.
    runs["elmo"] = kept("elmo", better, spreads=(0.4, 0.1))
    claim = judge(runs)[3]
    assert "(here the input ones)" in claim.text
    assert claim.evidence == "0 of 3 differences are above 0 for certain, 3 below"


def test_a_claim_without_its_rows_is_open():
    claims = judge({"elmo": kept("elmo")})
    assert {claim.verdict for claim in claims} == {"open"}
    assert "elmo_svd_input_r10" in claims[0].evidence


def test_spreads_are_means_over_the_layers():
    run = kept("elmo", norms=[{"role": "input", "l1_spread": s} for s in (0.1, 0.5)])
    assert spread_of(run, "input") == pytest.approx(0.3)


def test_a_row_of_the_table():
    worse = [0.0] * 6 + RIGHT[6:]
    summary = table.summarise(
        [kept("elmo"), kept("elmo_svd_input_r10", worse, frozen=600), kept("elmo_words", worse)]
    )
    dense, small, words = (
        next(row for row in summary["rows"] if row["row"] == name)
        for name in ("elmo", "elmo_svd_input_r10", "elmo_words")
    )
    assert dense["tasks"]["sst"]["test"] == 60 and "to_dense" not in dense["tasks"]["sst"]
    # 6 of 60 points for 400 of 1000 numbers.
    assert small["tasks"]["sst"]["efficiency"] == pytest.approx(0.1 / 0.4)
    assert "efficiency" not in words["tasks"]["sst"]
    assert small["norms"]["input"]["l1"] == pytest.approx(1.5)
    assert dense["task_processor_hours"] == pytest.approx(6 * 600 / 3600)
    assert len(summary["missing"]) == len(table.TITLES) - 3
    assert summary["gain_over_words"]["sst"][0] == pytest.approx(6)


def test_the_tables_for_the_page():
    text = markdown(table.summarise([kept("elmo"), kept("elmo_int8")]))
    assert "| dense | 60.0 [60.0 to 60.0] |" in text
    assert "| dense, int8 (a rival) | 60.0 (+0.0, +0.0 to +0.0) |  |" in text
    assert "| nothing but the most frequent | 25.0 |  | 25.0 |" in text
    assert "**Missing rows**: small dense of r = 10 (the rival), trained; no language model" in text
    assert "| dense | 900 | 2.00 (1.50) | 40 KB | 1.50 | 201.5 | 211.5 | 1.0, 1.0 |" in text
    assert "| how often words are | | | | | 905.0 |" in text
    assert "| dense | 1.5 | 1.5 | 0.1 | 0.4 | 0.5 | 0.5 |" in text
    assert "| SVD, input, r = 10 | missing | 40.58 (0.94) | missing |" in text


def test_nothing_trained_is_told():
    text = markdown(table.summarise([]))
    assert text.startswith("No row is trained yet.")
    assert "open" in text and text.count("missing") > 20


def test_everything_is_made_of_the_kept_runs(tmp_path, monkeypatch, capsys):
    names = ["elmo", "elmo_int8", "elmo_small_dense_r10", "elmo_words", *COMPRESSED, "elmo_tiny"]
    for name in names:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(result(name)))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    options = ["--keep", "kept.jsonl", "--out", "table.json", "--plot", "elmo", "--page", "page.md"]
    monkeypatch.chdir(tmp_path)
    for given in ([str(folder) for folder in sorted((tmp_path / "runs").iterdir())], []):
        monkeypatch.setattr(sys, "argv", ["report_elmo", *given, *options])
        report.main()
        tables = capsys.readouterr().out.strip()
        assert page.read_text() == f"before\n{BEGIN}\n\n{tables}\n\n{END}\nafter\n"
    assert set(read_runs_file(tmp_path / "kept.jsonl")) == set(names) - {"elmo_tiny"}
    assert "/home/me" not in (tmp_path / "kept.jsonl").read_text()
    assert json.loads((tmp_path / "table.json").read_text())["missing"] == []
    for figure in ("sst", "sick", "squad", "spread", "training"):
        assert (tmp_path / f"elmo_{figure}.png").stat().st_size > 10_000
        assert f"](elmo_{figure}.png)" in page.read_text()


def test_the_rows_are_trained_after_what_they_start_from(tmp_path, monkeypatch):
    rows = training.rows_in_order()
    assert rows[0] == "elmo" and set(rows) == set(LISTED) - {"elmo_tiny"}
    trained = []

    def train_one(config, folder, data, start):
        trained.append((folder.name, start))
        if config.row == "elmo_words":
            return "FAILED"
        folder.mkdir()
        (folder / "result.json").write_text("{}")
        return "done"

    monkeypatch.setattr(training, "train_one", train_one)
    options = type("Options", (), {"out": tmp_path, "data": "data"})
    chosen = ["elmo", "elmo_svd_input_r10", "elmo_words"]
    assert training.train_all(chosen, options) == ["elmo_words"]
    assert trained == [
        ("elmo", None),
        ("elmo_svd_input_r10", tmp_path / "elmo"),
        ("elmo_words", None),
    ]
    assert training.train_all(chosen, options) == ["elmo_words"]
    assert trained[3:] == [("elmo_words", None)]
