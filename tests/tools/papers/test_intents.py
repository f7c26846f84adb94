"""The table, the claims, the figures and the page of intents and slots."""

import argparse
import dataclasses
import json
import sys

import intents_plots as plots
import intents_table as table
import numpy as np
import pytest
from intents_page import markdown, pictures
from intents_runs import difference, right_of, shortened, slots_of
from load_tool import load_tool
from page_tables import with_tables

from lrkeras.tasks.papers.intents.intent_scores import IntentScores
from lrkeras.tasks.papers.intents.rows import config_of

report, trainer = load_tool("report_intents"), load_tool("train_intents")
SENTENCES = 10


def result(row, right, seed=1, slots=None, sentences=SENTENCES):
    """A result as a training writes it, of sentences of which the first ones are right."""
    config = dataclasses.asdict(dataclasses.replace(config_of(row), seed=seed))
    bits = np.arange(sentences) < right
    counts = None
    if config["corpus"] in ("snips", "atis"):
        # Two slots in each, of which one is found where the intent is right, and one is made up.
        counts = slots or [[int(one), 2, 2] for one in bits]
    scores = IntentScores(bits, None if counts is None else np.array(counts))
    curve = {"loss": [2.123456, 1], "val_accuracy": [0.5, 0.7], "seconds": [3.0, 3.0]}
    if counts is not None:
        curve["val_slot_f1"] = [0.2, 0.4]
    return {
        "task": f"papers/{row}",
        "config": config,
        "command": "here /home/x",
        **scores.named("valid"),
        **scores.named("test"),
        "test_by_sentence": scores.by_sentence(),
        "train_sentences": 100,
        "valid_sentences": sentences,
        "test_sentences": sentences,
        "words": 50,
        "intents": 7,
        "tags": 9,
        "majority_test_accuracy": 0.2,
        "recurrent": {"compression": 5.0, "compression_with_indices": 4.0 + seed / 10},
        "models": {row: {"parameters": 900}},
        "seconds": 7200.0,
        "processor_seconds": 3600.0,
        "history": curve,
        "file": {"bytes": 5000, "table_bytes": 3000, **scores.named("test")},
        **dict.fromkeys(("machine", "backend", "threads", "python", "versions"), "x"),
    }


def kept(*results):
    return [{"name": "x", **shortened(one)} for one in results]


def test_what_is_kept_of_a_run():
    (run,) = kept(result("snips_hybrid_5x", 3, seed=2))
    assert run["command"] == "lrkeras train papers/snips_hybrid_5x --data DIR --out RUN --seed 2"
    assert run["history"] == {
        "loss": [2.123, 1],
        "val_accuracy": [0.5, 0.7],
        "val_slot_f1": [0.2, 0.4],
    }
    assert right_of([run]).tolist() == [[1] * 3 + [0] * 7]
    assert slots_of([run])[0].tolist() == [[1, 2, 2]] * 3 + [[0, 2, 2]] * 7


def test_what_chooses_a_rate_keeps_nothing_of_the_test():
    (run,) = kept(result("snips_hybrid_5x_rate2", 3))
    assert (run["valid_accuracy"], run["test_sentences"]) == (0.3, SENTENCES)
    assert not {"test_accuracy", "test_slot_f1", "test_by_sentence", "file"} & set(run)


def test_a_difference_is_of_the_same_sentences():
    runs = [result("clinc150_hybrid_5x", right, right, sentences=400) for right in (300, 260)]
    runs, others = kept(*runs), kept(result("clinc150_low_rank_5x", 220, sentences=400))
    mean, low, high = difference(runs, others, "accuracy")
    # One point of 40 sentences that both seeds have right, half a point of 40 that one has.
    gains = np.repeat([1, 0.5, 0], [40, 40, 320])
    assert mean == pytest.approx(100 * gains.mean()) == pytest.approx(15)
    spread = 100 * gains.std() / np.sqrt(400)
    assert low == pytest.approx(15 - 1.96 * spread, abs=0.4)
    assert high == pytest.approx(15 + 1.96 * spread, abs=0.4)
    assert difference(runs, runs, "accuracy") == (0, 0, 0)


def test_a_difference_of_slots_is_one_of_f1_over_all_sentences():
    runs, others = kept(result("snips", 4)), kept(result("snips", 10, slots=[[1, 2, 2]] * 10))
    # 4 and 10 of 20 are right.
    assert difference(runs, others, "slot_f1")[0] == pytest.approx(20 - 50)


def times(**steps):
    files = {row: {"step_us": us, "speedup": 10 / us} for row, us in steps.items()}
    return {"machine": "a machine", "load_averages": [0.25], "files": files}


def summary_of(*results, steps=None, wanted=()):
    return table.summarise(kept(*results), steps or {}, list(wanted))


def rows_at(size, scores):
    return [result(f"clinc150_{kind}_{size}x", right) for kind, right in scores.items()]


def test_claims_that_hold():
    found = [*rows_at(5, {"hybrid": 10, "low_rank": 1, "pruned": 10})]
    steps = times(clinc150_hybrid_5x=3, clinc150_pruned_5x=9)
    better, faster = summary_of(*found, steps=steps)["claims"]
    assert (better["verdict"], faster["verdict"]) == ("held", "held")
    assert "better in 1, worse in 0 of 1 comparisons; +900.0 to +900.0 %" in better["evidence"]
    assert "3.00 to 3.00 times" in faster["evidence"]


def test_claims_that_do_not():
    found = [*rows_at(5, {"hybrid": 5, "low_rank": 10, "pruned": 10})]
    summary = summary_of(*found, steps=times(clinc150_hybrid_5x=3, clinc150_pruned_5x=9))
    better, faster = summary["claims"]
    assert "better in 0, worse in 1 of 1" in better["evidence"]
    # Fast enough, but worse.
    assert (better["verdict"], faster["verdict"]) == ("did not hold", "did not hold")
    (one,) = summary["hybrid_against"]["pruned"]
    assert (one["verdict"], one["times_as_fast"]) == ("worse", 3)
    # Without times, and without the rows, nothing is said.
    open_ = summary_of(*found)["claims"]
    assert [one["verdict"] for one in open_] == ["did not hold", "open"]
    assert [c["verdict"] for c in summary_of(result("snips", 4))["claims"]] == ["open", "open"]


def test_only_seeds_that_both_rows_have_are_compared():
    found = [
        result("clinc150_hybrid_5x", 8),
        result("clinc150_hybrid_5x", 2, seed=2),
        result("clinc150_low_rank_5x", 5),
        result("clinc150_small_dense_5x", 9, seed=3),
    ]
    summary = summary_of(*found)
    (one,) = summary["hybrid_against"]["low_rank"]
    assert one["points"][0] == pytest.approx(30)
    assert summary["hybrid_against"]["small_dense"] == []


def test_table_and_page():
    found = [
        result("snips", 8),
        result("snips", 6, seed=2),
        result("snips_hybrid_5x", 5),
        result("snips_hybrid_5x_rate2", 9),
    ]
    wanted = ["snips", "snips@2", "snips@3", "snips_hybrid_2x"]
    summary = summary_of(*found, steps=times(snips=10, snips_hybrid_5x=8), wanted=wanted)
    rows = {row["row"]: row for row in summary["rows"]}
    assert list(rows) == ["snips", "snips_hybrid_5x"]
    dense = rows["snips"]
    assert dense["test_accuracy"] == pytest.approx({"mean": 70, "least": 60, "most": 80})
    assert dense["test_slot_f1"] == pytest.approx({"mean": 35, "least": 30, "most": 40})
    assert (dense["seeds"], dense["hours"], dense["processor_hours"]) == ([1, 2], 2, 1)
    assert summary["missing"] == ["snips.seed3", "snips_hybrid_2x"]
    assert summary["baselines"]["snips"]["majority_test_accuracy"] == pytest.approx(20)
    assert summary["rates"] == {"hybrid": {"0.008": pytest.approx(67.5)}}
    page = markdown(summary)
    assert "**70.0, 35.0 (2 seeds)**" in page
    assert "| hybrid (HMF) | missing | 50.0, 25.0 | missing |" in page
    assert "`snips.seed3`, `snips_hybrid_2x`." in page
    assert "| missing | 5 KB; 50.0, 25.0; 1.25 | missing |" in page
    assert "a machine, load average 0.2." in page
    # Four runs of an hour of a core.
    assert "took 4.0 hours of a core in all" in page


def test_figures(tmp_path):
    scores = dict(zip(table.KINDS, range(2, 9), strict=True))
    found = [result("clinc150", 9), *rows_at(5, scores), *rows_at(2, {"hybrid": 9})]
    # The queue's doped rows are without co-matrix dropout.
    found = [f for f in found if "doped" not in f["config"]["row"]]
    found += [result("clinc150_doped_kronecker_5x_dropout0", 6), result("snips", 9)]
    found += [result("snips_hybrid_5x", right, seed) for seed, right in ((1, 5), (2, 7))]
    steps = times(clinc150=10, clinc150_hybrid_5x=4, clinc150_pruned_5x=9)
    summary = summary_of(*found, steps=steps)
    wanted = [
        ("compression", "clinc150", "accuracy"),
        ("latency", "clinc150", "accuracy"),
        ("training", "snips", "slot_f1"),
    ]
    assert plots.figures_of(summary) == wanted
    assert len(plots.series_of(summary, "clinc150")) == 7
    shown = pictures(wanted, "papers")
    assert "](papers_latency_clinc150.png)" in shown and "SNIPS, slot F1" in shown
    for name, base, score in wanted:
        file = tmp_path / f"{name}.png"
        plots.FIGURES[name](summary, base, score, file)
        assert file.stat().st_size > 10_000


def test_the_command_keeps_what_it_had(tmp_path, monkeypatch, capsys):
    runs, keep = tmp_path / "runs", tmp_path / "kept.jsonl"
    for name, content in {"a": result("snips", 8), "b": {"config": {"base": "ptb"}}}.items():
        (runs / name).mkdir(parents=True)
        (runs / name / "result.json").write_text(json.dumps(content))
    page = tmp_path / "page.md"
    page.write_text(
        "Before\n<!-- tables of report_intents.py -->\nold\n<!-- end of the tables -->\n"
    )
    words = ["--keep", keep, "--out", tmp_path / "out.json", "--page", page]
    queue = tmp_path / "queue"
    queue.write_text("# all\nsnips\nsnips_hybrid_5x\n")
    words += ["--queue", queue]
    monkeypatch.setattr(sys, "argv", ["report", *map(str, [*runs.iterdir(), *words])])
    report.main()
    # The second time there are no folders: what was kept is enough.
    monkeypatch.setattr(sys, "argv", ["report", *map(str, words)])
    report.main()
    assert len(keep.read_text().splitlines()) == 1
    assert json.loads((tmp_path / "out.json").read_text())["missing"] == ["snips_hybrid_5x"]
    text = page.read_text()
    assert text.startswith("Before") and "old" not in text and "80.0, 40.0" in text
    assert "**Missing**: 1 runs of the queue: `snips_hybrid_5x`." in capsys.readouterr().out


def test_a_page_without_the_comments():
    with pytest.raises(SystemExit, match=r"tables of x\.py"):
        with_tables("text", "table", "x.py")


def test_the_queue_is_of_the_rows_of_the_table():
    options = argparse.Namespace(rows=[], queue=trainer_queue())
    from train_papers import rows_of

    names = rows_of(options)
    # 22 rows of four corpora, three seeds; three rows with co-matrix dropout.
    assert len(names) == 4 * 22 * 3 + 3
    configs = [trainer.config_of(name) for name in names]
    assert len({(c.row, c.seed) for c in configs}) == len(names)
    assert [c.corpus for c in configs[:44]] == ["snips"] * 22 + ["atis"] * 22


def trainer_queue():
    from load_tool import tool_file

    return tool_file("train_intents").with_name("papers_queue_intents.txt")


def test_a_row_that_fails_does_not_end_the_others(tmp_path, monkeypatch, capsys):
    from lrkeras.tasks import papers

    def train(config, out, **options):
        if config.seed == 2:
            raise ValueError("no such thing")
        out.mkdir(parents=True)
        (out / "result.json").write_text("{}")
        return {"valid_accuracy": 0.5, "valid_sentences": 3}

    monkeypatch.setattr(papers, "train", train)
    options = argparse.Namespace(out=tmp_path, data=tmp_path)
    rows = ["snips", "snips@2", "snips@3"]
    assert trainer.train_all(rows, options) == ["snips@2"]
    printed = capsys.readouterr()
    assert "[1/3] snips: valid_accuracy 0.5000 after" in printed.out
    assert "no such thing" in printed.err
    # The second time the finished ones are skipped.
    assert trainer.train_all(rows, options) == ["snips@2"]
    assert "snips@3" not in capsys.readouterr().out
