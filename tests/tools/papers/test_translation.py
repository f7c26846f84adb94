"""Rates, table, intervals, claims, figures and page of translation."""

import dataclasses
import json
import sys

import numpy as np
import pytest
import rows_at_rates
import translation_plots as plots
import translation_table as table
from load_tool import load_tool, tool_file
from run_file import read_runs_file
from translation_page import markdown
from translation_runs import bleu, by_row, difference, shortened

from lrkeras.tasks.papers.translation.rows import config_of
from lrkeras.tasks.papers.translation.translation_scores import TranslationScores

report, training = load_tool("report_translation"), load_tool("train_translation")
SENTENCES = 300
WORDS = 10


def counts_of(right, sentences=SENTENCES):
    """Sentences of ten words, of whose n-grams the first ones are right: `right` words of each."""
    grams = [max(0, right - n) for n in range(4)]
    return np.array([[*grams, WORDS, WORDS]] * sentences)


def score_of(right):
    """Their BLEU, by hand."""
    shares = [max(0, right - n) / (WORDS - n) for n in range(4)]
    return 100 * np.exp(np.mean(np.log(shares)))


def result(row, right, seed=1, counts=None, **changes):
    """A result as a training writes it, with figures that are easy to work with."""
    config = dataclasses.asdict(dataclasses.replace(config_of(row), seed=seed))
    counts = counts_of(right) if counts is None else counts
    scores = TranslationScores(score_of(right), "nrefs:1", counts)
    said = {"bleu": scores.bleu, "signature": scores.signature, "counts": scores.packed()}
    file = {"bytes": 3_400_000, "valid_bleu": 30.0, "test_greedy": said, "test_beam": said}
    return {
        "task": f"papers/{row}",
        "config": config,
        "command": "train /home/me/data",
        "valid_bleu": 31.0,
        "valid_loss": 1.5,
        "train_sentences": 100,
        "valid_sentences": 10,
        "test_sentences": len(counts),
        "sub_words": 4000,
        "recurrent": {"compression": 10.0, "compression_with_indices": 6.0 + right / 10},
        "seconds": 7200.0,
        "processor_seconds": 3600.0,
        "history": {"loss": [2.123456, 1], "val_bleu": [5.0, 30.0 + seed], "seconds": [3.0, 3.0]},
        "file": file if config["reads_test"] else {"skipped": "it chooses"},
        "models": {row: {"parameters": 900}},
        "baselines": {"copy": 1.25, "nearest": 9.0},
        **dict.fromkeys(("machine", "backend", "threads", "python", "versions"), "x"),
        **changes,
    }


def kept(*results):
    return [{"name": "x", **shortened(one)} for one in results]


def summary_of(*results, times=None, wanted=()):
    return table.summarise(kept(*results), times or {}, list(wanted))


def rows_at(size, base="multi30k_256", **scores):
    return [result(table.row_name(base, kind, size), n) for kind, n in scores.items()]


def times_of(**steps):
    files = {row: {"decode_us": us, "decode_speedup": 10 / us} for row, us in steps.items()}
    return {"machine": "a machine", "load_averages": [0.25], "files": files}


def test_what_is_kept_of_a_run():
    (run,) = kept(result("multi30k_256_hybrid_10x_rate2", 8, seed=2))
    assert run["command"] == (
        "lrkeras train papers/multi30k_256_hybrid_10x_rate2 --data DIR --out RUN --seed 2"
    )
    assert run["history"] == {"loss": [2.123, 1], "val_bleu": [5, 32]}
    assert list(by_row([run])) == ["multi30k_256_hybrid_10x"]


def test_bleu_and_difference_of_means_over_seeds():
    runs = kept(result("multi30k", 9), result("multi30k", 8, seed=2))
    others = kept(result("multi30k_hybrid_10x", 7))
    assert bleu(runs)[0] == pytest.approx((score_of(9) + score_of(8)) / 2)
    mean, low, high = difference(runs, others)
    assert mean == pytest.approx((score_of(9) + score_of(8)) / 2 - score_of(7))
    # All sentences are alike: whichever are drawn, it is the same.
    assert low == pytest.approx(mean) and high == pytest.approx(mean)


def test_an_interval_is_of_sentences_that_are_drawn():
    half = np.concatenate([counts_of(10, 150), counts_of(6, 150)])
    (run,) = kept(result("multi30k", 10, counts=half))
    _, low, high = bleu([run])
    # Of drawn sentences a share s is all right; s deviates by sqrt(1 / 4 / 300).
    ends = []
    for share in 0.5 + np.array([-1.96, 1.96]) * np.sqrt(0.25 / 300):
        right = [share + (1 - share) * (6 - n) / (10 - n) for n in range(4)]
        ends.append(100 * np.exp(np.mean(np.log(right))))
    assert [low, high] == pytest.approx(ends, abs=0.5)
    # The same sentences are drawn for both rows.
    assert difference([run], [run]) == (0, 0, 0)


def test_claims_that_hold():
    found = [result("multi30k_256", 9), *rows_at(10, hybrid=9, low_rank=6, pruned=7)]
    found += rows_at(10, doped_kronecker=9)
    times = times_of(multi30k_256_hybrid_10x=3, multi30k_256_pruned_10x=9)
    claims = summary_of(*found, times=times)["claims"]
    assert [one["verdict"] for one in claims] == ["held"] * 4
    percent = 100 * (score_of(9) / score_of(6) - 1)
    assert claims[0]["evidence"] == (
        f"better in 1, worse in 0 of 1 comparisons; {percent:+.1f} to {percent:+.1f} %"
    )
    assert "3.00 to 3.00 times" in claims[1]["evidence"]


def test_claims_that_do_not_and_claims_that_are_open():
    found = [result("multi30k_256", 9), *rows_at(10, hybrid=6, low_rank=7, pruned=8)]
    found += rows_at(10, doped_kronecker=7)
    claims = summary_of(*found)["claims"]
    said = ["did not hold", "open", "did not hold", "did not hold"]
    assert [one["verdict"] for one in claims] == said
    assert "better in 0, worse in 1 of 2" in claims[3]["evidence"]
    # As good as the other is not better.
    even = summary_of(*rows_at(10, hybrid=7, low_rank=7))["claims"]
    assert [one["verdict"] for one in even] == ["did not hold", "open", "open", "open"]


def test_only_seeds_that_both_rows_have_are_compared():
    runs = [result("multi30k_256", 9), result("multi30k_256", 6, seed=2)]
    runs += [result("multi30k_256_hybrid_10x", 8, seed=2)]
    (hybrid,) = [row for row in summary_of(*runs)["rows"] if row["method"] == "hybrid"]
    assert hybrid["to_dense"]["seeds"] == [2]
    assert hybrid["to_dense"]["points"][0] == pytest.approx(score_of(8) - score_of(6))
    assert hybrid["to_small_dense"] is None


def test_table_and_page():
    found = [
        result("multi30k_256", 9),
        result("multi30k_256", 8, seed=2),
        result("multi30k_256_hybrid_10x_rate2", 7),
        result("multi30k_256_small_dense_10x", 8),
        result("multi30k_256_hybrid_10x_rate2_e3", 7, valid_loss=1.25),
        result("multi30k_256_hybrid_10x_e3", 7, valid_loss=1.5),
    ]
    wanted = ["multi30k_256", "multi30k_256@3", "multi30k_256_hybrid_10x"]
    times = times_of(multi30k_256=10, multi30k_256_hybrid_10x=20)
    summary = summary_of(*found, times=times, wanted=wanted)
    assert summary["missing"] == ["multi30k_256.seed3"]
    assert summary["valid_loss_of_short_runs"] == {"hybrid": {"0.004": 1.25, "0.002": 1.5}}
    page = markdown(summary)
    apart = f"{score_of(7) - score_of(8):+.1f}"
    line = next(line for line in page.splitlines() if line.startswith("| hybrid (HMF), 10x"))
    assert f"| {score_of(7):.1f} ({score_of(7):.1f} to {score_of(7):.1f}) |" in line
    assert f"| **{apart}** ({apart} to {apart}) | 10.0; 6.7 | 3,400 KB | 20 us, 0.50 | 1 |" in line
    assert "| low rank (LMF), 20x | missing |" in page
    assert "| the source itself | 1.2 |" in page
    assert "**512 units**: no row is trained yet." in page
    assert "| hybrid (HMF) | 1.500 | **1.250** |" in page
    assert "**Missing**: 1 runs of the queue: `multi30k_256.seed3`." in page
    # Six runs of an hour of a core.
    assert "took 6.0 hours of a core in all" in page


def test_a_row_without_a_file_says_why():
    run = result("multi30k_256", 9, file={"skipped": "differs from Keras"})
    summary = summary_of(run, *rows_at(10, hybrid=7))
    assert "no file: differs from Keras" in markdown(summary)
    assert {one["verdict"] for one in summary["claims"]} == {"open"}


def test_everything_is_made_of_the_kept_runs(tmp_path, monkeypatch, capsys):
    scores = {"pruned": 8, "doped_kronecker": 9, "small_dense": 6, "low_rank": 7, "hybrid": 5}
    runs = [result("multi30k_256", 9), *rows_at(10, **scores), *rows_at(20, small_dense=5)]
    runs += [result("multi30k_256", 8, seed=2), result("multi30k_tiny", 4)]
    for number, run in enumerate(runs):
        folder = tmp_path / "runs" / str(number)
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(run))
    name = "tables of report_translation.py"
    (tmp_path / "page.md").write_text(f"a\n<!-- {name} -->\nold\n<!-- end of the tables -->\nb\n")
    options = ["--keep", "kept.jsonl", "--out", "t.json", "--plot", "p", "--page", "page.md"]
    monkeypatch.chdir(tmp_path)
    # The second time there are no folders: what was kept is enough.
    for folders in ([str(f) for f in sorted((tmp_path / "runs").iterdir())], []):
        monkeypatch.setattr(sys, "argv", ["report_translation", *folders, *options])
        report.main()
        tables = capsys.readouterr().out.strip()
        expected = f"a\n<!-- {name} -->\n\n{tables}\n\n<!-- end of the tables -->\nb\n"
        assert (tmp_path / "page.md").read_text() == expected
    assert len(read_runs_file(tmp_path / "kept.jsonl")) == len(runs) - 1
    assert "/home/me" not in (tmp_path / "kept.jsonl").read_text()
    for figure in plots.FIGURES:
        assert (tmp_path / f"p_{figure}_multi30k_256.png").stat().st_size > 10_000
        assert f"](p_{figure}_multi30k_256.png)" in tables


def test_the_rate_of_the_lowest_validation_loss_trains_the_rows_of_a_kind(tmp_path, monkeypatch):
    short = {
        "multi30k_256_hybrid_10x_e3": 1.5,
        "multi30k_256_hybrid_10x_rate2_e3": 1.25,
        "multi30k_256_hybrid_10x_rate4_e3": float("nan"),
        "multi30k_256_hybrid_10x_rate0.5_e3": 1.75,
    }
    trained = []

    def run(command, **_):
        name = command[command.index("train") + 1].removeprefix("papers/")
        trained.append((name, int(command[command.index("--seed") + 1])))
        folder = tmp_path / command[command.index("--out") + 1]
        folder.mkdir()
        text = json.dumps({"valid_loss": short.get(name, 1.0)})
        (folder / "result.json").write_text(text)

    monkeypatch.setattr(rows_at_rates.subprocess, "run", run)
    training.ROWS.train_row("multi30k_256_hybrid_20x", "data", tmp_path)
    training.ROWS.train_row("multi30k_hybrid_10x@2", "data", tmp_path)
    rows = [("multi30k_256_hybrid_20x_rate2", 1), ("multi30k_hybrid_10x_rate2", 2)]
    assert trained == [*((name, 1) for name in short), *rows]
    assert training.short_names("multi30k")[0] == "multi30k_256_e3"


def test_the_queue_is_of_rows_of_the_table_and_three_seeds():
    lines = tool_file("train_translation").with_name("papers_queue_translation.txt").read_text()
    names = [line for line in lines.splitlines() if not line.startswith("#")]
    assert len(set(names)) == len(names)
    listed = {name.partition("@")[0] for name in names}
    wide = {n for n in listed if config_of(n).base == "multi30k_256"}
    table_rows = {table.row_name("multi30k_256", k, s) for k in table.KINDS for s in (10, 20)}
    assert wide == {"multi30k_256", "multi30k_256_doped_kronecker_10x"} | table_rows
    for name in ("multi30k_256", "multi30k_256_small_dense_10x"):
        assert {name, f"{name}@2", f"{name}@3"} <= set(names)
