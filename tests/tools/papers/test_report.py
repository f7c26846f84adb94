"""The table and the plots, and the queue."""

import copy
import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys

import numpy as np
import paper_plots as plots
import pytest
from claims import judge
from line_labels import apart
from load_tool import ROOT, load_tool
from run_file import read_runs_file, write_runs_file

from lrkeras.tasks.papers.language_models import deployment
from lrkeras.tasks.papers.language_models.rows import config_of

report, queue = load_tool("report_papers"), load_tool("train_papers")


def result(row, test, seed=1, **changes):
    """A result as a training writes it, with figures that are easy to work with."""
    config = config_of(row)
    fields = ("row", "base", "method", "epochs", "is_started", "precision", "output_precision")
    return {
        "config": {**{name: getattr(config, name) for name in fields}, "seed": seed},
        "test_perplexity": test,
        "valid_perplexity": test + 5,
        "recurrent": {
            "parameters": 200,
            "dense_parameters": 1000,
            "compression": 5.0,
            "compression_with_indices": 4.0,
        },
        "models": {row: {"parameters": 900}},
        "seconds": 7200,
        "processor_seconds": 3600,
        "history": {"epoch": [0, 1], "perplexity": [200.123456, 100], "val_perplexity": [150, 110]},
        "deployment": {"step_us": 10.0, "speedup_over_dense_int8": 2.0},
        **dict.fromkeys(("machine", "backend", "threads", "python", "versions"), "x"),
        **changes,
    }


NORMS = [{"role": "recurrent", "l1_spread": 0.1, "nuclear": 2.0}]


@pytest.fixture
def runs(tmp_path):
    tuned = {"before_tuning_test_perplexity": 150.0, "norms": NORMS, "norms_dense": NORMS}
    doped = "ptb_small_doped_kronecker_10x"
    sparse = {"epoch": [0, 1], "perplexity": [9, 8], "val_perplexity": [9, 8], "sparsity": [0, 1]}
    results = {
        "a": result("ptb_small", 110.0),
        "b": result("ptb_small", 130.0, seed=2),
        "c": result(doped, 132.0, history=sparse),
        "d": result(f"{doped}_dropout0", 140.0, history=copy.deepcopy(sparse)),
        "e": result("ptb_small_svd_recurrent_r50", 121.0, **tuned),
        "f": result("ptb_medium_low_rank_20x", 100.0, deployment={"skipped": "no"}),
    }
    for name, content in results.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(json.dumps(content))
    (tmp_path / "unfinished").mkdir()
    return tmp_path


def test_table(runs):
    summary = report.summarise(report.read_runs(runs.iterdir()))
    rows = {row["row"]: row for row in summary["rows"]}
    assert len(rows) == 5
    dense = rows["ptb_small"]
    assert (dense["test_perplexity"], dense["seeds"], dense["hours"]) == (120, [1, 2], 2)
    assert dense["paper_test_perplexity"] == 115.91
    assert dense["differs_from_paper"] == "products of the training in bfloat16"
    assert rows["ptb_small_doped_kronecker_10x"]["loss_percent"] == pytest.approx(10)
    assert rows["ptb_small_doped_kronecker_10x"]["paper_test_perplexity"] is None
    # No dense run of the medium model: nothing to compare with.
    assert "loss_percent" not in rows["ptb_medium_low_rank_20x"]
    assert summary["curves"]["ptb_small"]["perplexity"] == [200.12, 100]
    # 150 is 4/11 above the 110 of the dense run it started from, and 4/5 of the numbers are gone.
    svd = rows["ptb_small_svd_recurrent_r50"]
    assert svd["efficiency"] == pytest.approx(4 / 11 / 0.8)
    claim = next(c for c in summary["claims"] if c["text"].startswith("the dense small model"))
    assert (claim["verdict"], claim["evidence"]) == ("did not hold", "120.00 against 115.91")
    assert "| the dense small model reaches 115.9 (within 2 %) | Zaremba et al. | did not" in (
        report.markdown(summary)
    )
    assert "| open |" not in report.markdown(summary)
    assert "| ptb_small | 115.91 | 120.00 | +0.0 % | 5.0x | 4.0x | 10.0 (2.00x) | 2 | 2 |" in (
        report.markdown(summary).splitlines()
    )


@pytest.mark.parametrize("name", ["compression", "latency"])
def test_plots_of_all_and_of_one_row(runs, tmp_path, name):
    for chosen in (sorted(runs.iterdir()), [runs / "a"], [runs / "f"]):
        summary = report.summarise(report.read_runs(chosen))
        file = tmp_path / "figure.png"
        plots.FIGURES[name](summary, "ptb_small", file)
        assert file.read_bytes().startswith(b"\x89PNG")
        file.unlink()


def drawn_lines(monkeypatch, summary, name, dense):
    """For each axis of a figure its lines by label, and the texts beside it."""
    kept = []
    monkeypatch.setattr(plots, "save_figure", lambda figure, file: kept.append(figure))
    plots.FIGURES[name](summary, dense, "unused.png")
    return [
        (
            {line.get_label(): line for line in axis.get_lines()},
            {text.get_text(): text for text in axis.texts},
        )
        for axis in kept[0].axes
    ]


def test_a_figure_has_the_usual_rows_of_at_most_seven_kinds(monkeypatch):
    """Of two rates the one that the validation text prefers, whatever the test says."""
    names = [
        f"ptb_small_{kind}"
        for kind in (
            "pruned_10x",
            "small_dense_10x",
            "monarch_10x",
            "hybrid_10x",
            "low_rank_10x",
            "doped_kronecker_10x_dropout0",
            "doped_kronecker_10x_1x16_dropout0",
            "kronecker",
            "doped_kronecker_10x_dropout0_window5to30",
            "doped_kronecker_20x_dropout0_element_bytes",
            "svd_recurrent_r10",
            "doped_kronecker_10x",
            "pruned_10x_pooled",
        )
    ]
    rows = [result("ptb_small", 100.0), *(result(name, 120.0) for name in names)]
    better, worse = (
        result(f"ptb_small_low_rank_10x_{rate}", 110.0) for rate in ("rate0.25", "rate0.5")
    )
    better["valid_perplexity"], worse["valid_perplexity"] = 1.0, 1000.0
    worse["test_perplexity"] = 105.0
    summary = report.summarise(report.by_row([*rows, better, worse]))
    series = plots.series_of(summary, "ptb_small")
    assert list(series) == [
        "small_dense",
        "pruned",
        "doped_kronecker",
        "doped_kronecker, 1x16",
        "monarch",
        "low_rank",
        "hybrid",
    ]
    assert [row["row"] for row in series["low_rank"]] == ["ptb_small_low_rank_10x_rate0.25"]
    assert all(len(rows) == 1 for rows in series.values())
    ((lines, texts),) = drawn_lines(monkeypatch, summary, "compression", "ptb_small")
    assert tuple(lines["low rank (LMF)"].get_ydata()) == (110.0,)
    assert {"small dense (the rival)", "Monarch", "dense, 100"} <= texts.keys()
    heights = sorted(text.xyann[1] for text in texts.values())
    assert min(b - a for a, b in itertools.pairwise(heights)) > 0.06


def test_characters_are_drawn_in_bits(monkeypatch):
    doped = "ptb_characters_doped_kronecker_20x"
    sparse = {"epoch": [0, 1], "perplexity": [8, 4], "val_perplexity": [9, 8], "sparsity": [0, 1]}
    rows = [result("ptb_characters", 4.0), result(doped, 8.0, history=sparse)]
    rows += [result(f"{doped}_dropout0", 8.0, history=copy.deepcopy(sparse))]
    tuned = {"before_tuning_test_perplexity": 32.0, "norms": NORMS, "norms_dense": NORMS}
    names = ("ptb_characters_svd_recurrent_r10", "ptb_small_svd_recurrent_r50")
    rows += [result(name, 16.0, **tuned) for name in names]
    rows.append(result(f"ptb_characters_{plots._TUNED}", 2.0))
    summary = report.summarise(report.by_row([*rows, result("ptb_small", 110.0)]))
    assert ("ranks", "ptb_characters") in plots.figures_of(summary)
    ((lines, texts),) = drawn_lines(monkeypatch, summary, "compression", "ptb_characters")
    assert tuple(lines["doped Kronecker"].get_ydata()) == (3.0,)  # of 8 equally likely characters
    assert "dense, 2" in texts
    upper, lower = drawn_lines(monkeypatch, summary, "training", "ptb_characters")
    assert set(upper[1]) == {"with co-matrix dropout", "without", "dense"}
    assert tuple(upper[0]["without"].get_ydata()) == (3, 2)
    assert len(lower[0]) == 3
    ((lines, texts),) = drawn_lines(monkeypatch, summary, "ranks", "ptb_characters")
    assert tuple(lines["svd, recurrent"].get_ydata()) == (4.0,)
    assert {"dense, 2", "dense, tuned too, 1"} <= texts.keys()
    ((lines, texts),) = drawn_lines(monkeypatch, summary, "ranks", "ptb_small")
    assert tuple(lines["svd, recurrent"].get_ydata()) == (16.0,)


def test_names_at_the_lines_move_as_little_as_can_be():
    assert apart([0.1, 0.5, 0.9], 0.2) == [0.1, 0.5, 0.9]
    # Two that are alike part to both sides, and leave others where they are.
    np.testing.assert_allclose(apart([0.1, 0.5, 0.5], 0.2), [0.1, 0.4, 0.6])
    np.testing.assert_allclose(apart([0.0, 0.0, 0.9], 0.2), [0.0, 0.2, 0.9])
    np.testing.assert_allclose(apart([0.99, 0.99, 1.0], 0.2), [0.6, 0.8, 1.0])


def test_rows_of_fewer_epochs_are_drawn_by_themselves(monkeypatch):
    sparse = {"epoch": [0, 1], "perplexity": [8, 4], "val_perplexity": [9, 8], "sparsity": [0, 1]}
    doped = ("ptb_small_doped_kronecker_10x_e6", "ptb_small_doped_kronecker_10x_dropout0_e6")
    rows = [result("ptb_small", 110.0), result("ptb_small_e6", 120.0)]
    rows += [result(name, 130.0, history=copy.deepcopy(sparse)) for name in doped]
    summary = report.summarise(report.by_row(rows))
    for name in ("latency", "compression"):
        for dense, level in (("ptb_small", "dense, 110"), ("ptb_small_e6", "dense, 120")):
            ((lines, texts),) = drawn_lines(monkeypatch, summary, name, dense)
            assert level in texts
            assert ("doped Kronecker" in lines) == (dense == "ptb_small_e6")
    assert ("training", "ptb_small") not in plots.figures_of(summary)
    upper, lower = drawn_lines(monkeypatch, summary, "training", "ptb_small_e6")
    assert {"with co-matrix dropout", "without"} <= upper[0].keys()
    assert [line.get_linestyle() for line in lower[0].values()][:2] == ["-", "--"]


def test_results_are_kept_for_the_next_table(runs, tmp_path):
    kept = tmp_path / "kept.jsonl"
    assert list(report.keep(report.read_runs([runs / "a", runs / "unfinished"]), kept)) == [
        "ptb_small"
    ]
    rows = report.keep(report.read_runs([runs / "b", runs / "e"]), kept)
    assert {name: len(found) for name, found in rows.items()} == {
        "ptb_small": 2,
        "ptb_small_svd_recurrent_r50": 1,
    }
    assert report.keep({}, kept) == rows
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    names = ["ptb_small", "ptb_small.seed2", "ptb_small_svd_recurrent_r50"]
    assert [line["name"] for line in lines] == names
    assert [line["test_perplexity"] for line in lines] == [110.0, 130.0, 121.0]
    # A run that is trained again takes the place of its line.
    report.keep({"ptb_small": [result("ptb_small", 99.0)]}, kept)
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [line["name"] for line in lines] == names
    assert [line["test_perplexity"] for line in lines] == [99.0, 130.0, 121.0]


def test_a_broken_line_of_the_kept_results_is_named(tmp_path):
    kept = tmp_path / "kept.jsonl"
    kept.write_text('{"name": "a"}\n{"nam')
    with pytest.raises(ValueError, match="line 2"):
        report.keep({}, kept)
    assert kept.read_text() == '{"name": "a"}\n{"nam'


def test_rows_that_were_trained_together_say_so():
    together = {"rows_at_once": 31, "device": "NVIDIA H100", "seconds": 180}
    rows = report.by_row([result("ptb_small", 114.0, **together)])
    summary = report.summarise(rows)
    row = summary["rows"][0]
    assert "train_papers_side_by_side.py" in row["command"]
    assert row["differs_from_paper"].endswith("those of the recurrent layers in TF32")
    assert "| 1 | 0.05 (31 at once) |" in report.markdown(summary)


def test_files_of_finished_rows_are_timed_again(tmp_path, monkeypatch, capsys):
    tool = load_tool("time_papers")
    row = "tiny_doped_kronecker_4x_1x16"
    file = tmp_path / "runs.jsonl"
    runs = {name: result(row, 50.0, seed=seed) for seed, name in enumerate(("one", "two"), 1)}
    write_runs_file(file, runs)
    monkeypatch.setattr(deployment, "ROUNDS", 2)
    monkeypatch.setattr(sys, "argv", ["time_papers.py", str(file)])
    tool.main()
    one, two = read_runs_file(file).values()
    assert one["deployment"] == two["deployment"]
    assert one["deployment"]["rounds"] == 2
    assert one["deployment"]["recurrent_file_bytes"] < one["deployment"]["dense_int8_file_bytes"]
    assert (one["test_perplexity"], two["config"]["seed"]) == (50.0, 2)
    assert row in capsys.readouterr().out
    # Converting and timing are the same from here on.
    monkeypatch.setattr(tool, "time_again", lambda name: one["deployment"])
    before, apart = file.read_text(), tmp_path / "apart.json"
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--out", str(apart)])
    tool.main()
    assert file.read_text() == before
    assert json.loads(apart.read_text())[row]["rounds"] == 2
    apart.unlink()
    monkeypatch.setattr(sys, "argv", sys.argv[:-2])
    write_runs_file(file, {"one": result(row, 50.0, deployment={"skipped": "it diverged"})})
    before = file.read_text()
    tool.main()
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("content", "message"),
    [('{"name": "one"}\n', "deployment"), ("{}\n", "line 1"), (None, "nothing is there")],
)
def test_timing_says_what_is_wrong_with_a_file(tmp_path, monkeypatch, content, message):
    tool = load_tool("time_papers")
    file = tmp_path / "runs.jsonl"
    if content is not None:
        file.write_text(content)
    monkeypatch.setattr(sys, "argv", ["time_papers.py", str(file)])
    with pytest.raises(SystemExit, match=message):
        tool.main()


@pytest.mark.parametrize("training", ["rate0.25", "rate0.25_float32"])
def test_the_training_with_the_better_validation_counts(training):
    perplexities = {"hybrid_10x": 300.0, f"hybrid_10x_{training}": 130.0, "low_rank_10x": 140.0}
    rows = [
        {"row": f"ptb_small_{name}", "test_perplexity": value, "valid_perplexity": value + 5}
        for name, value in perplexities.items()
    ]
    claim = next(c for c in judge({"rows": rows}) if c.text.endswith("10x: hybrid beats low rank"))
    assert (claim.verdict, claim.evidence) == ("held", "130.00 against 140.00")


@pytest.mark.parametrize("base", ["ptb_small", "ptb_characters"])
def test_the_tuned_dense_row_is_trained_as_rows_that_are_compressed_and_tuned(base):
    compressed, tuned = (
        dataclasses.asdict(config_of(f"{base}_{end}")) for end in ("svd_input_r10", plots._TUNED)
    )
    differ = {name for name in tuned if tuned[name] != compressed[name]}
    assert differ == {"row", "method", "where", "rank"}


def test_claims_of_rows_of_fewer_epochs():
    perplexities = {
        "ptb_medium_e2": 90.0,
        "ptb_medium_e5": 100.0,
        "ptb_medium_e9": 80.0,
        "ptb_medium_doped_kronecker_25x_e2": 99.0,
        "ptb_medium_doped_kronecker_25x_e5": 101.0,
    }
    rows = [
        {"row": name, "test_perplexity": value, "valid_perplexity": value}
        for name, value in perplexities.items()
    ]
    claims = judge({"rows": rows})
    claim = next(c for c in claims if c.text.startswith("ptb_medium at 25x with co-matrix"))
    assert claim.verdict == "held"
    assert claim.evidence == "101.00 against 100.00, both after 5 epochs"
    published = next(c for c in claims if c.text.startswith("the dense medium model"))
    assert published.verdict == "open"


def test_rows_of_fewer_epochs_are_beside_the_dense_row_of_as_many(tmp_path):
    perplexities = {"ptb_small": 100.0, "ptb_small_e6": 120.0, "ptb_small_low_rank_10x_e6": 132.0}
    rows = report.by_row(result(name, value) for name, value in perplexities.items())
    table = {row["row"]: row for row in report.summarise(rows)["rows"]}
    assert table["ptb_small_low_rank_10x_e6"]["loss_percent"] == pytest.approx(10)
    assert table["ptb_small_e6"]["loss_percent"] == 0


def test_figures_without_a_point_are_not_drawn(runs):
    whole = plots.figures_of(report.summarise(report.read_runs(runs.iterdir())))
    assert {name for name, _ in whole} <= set(plots.FIGURES)
    assert ("ranks", "ptb_small") in whole
    dense = report.summarise(report.read_runs([runs / "a"]))
    assert plots.figures_of(dense) == []


def test_command_line(runs, tmp_path, monkeypatch, capsys):
    out = tmp_path / "papers.json"
    arguments = ["report_papers.py", "--out", str(out), str(runs / "unfinished")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit, match="at least one"):
        report.main()
    assert not out.exists()
    monkeypatch.setattr(sys, "argv", [*arguments, str(runs / "a"), "--markdown"])
    report.main()
    assert [row["row"] for row in json.loads(out.read_text())["rows"]] == ["ptb_small"]
    assert "ptb_small" in capsys.readouterr().out


def test_queue_skips_goes_on_and_starts_rows_from_their_dense_run(tmp_path, monkeypatch, capsys):
    file = tmp_path / "queue"
    file.write_text("ptb_small@2  # a seed\n\nptb_small_svd_input_r10@2\nptb_small\n")
    out = tmp_path / "runs"
    (out / "ptb_small").mkdir(parents=True)
    (out / "ptb_small" / "result.json").touch()
    started = []

    def run(command, **_):
        started.append(command[3:])
        return type("Done", (), {"returncode": len(started) - 1})

    monkeypatch.setattr(queue.subprocess, "run", run)
    monkeypatch.setattr(queue, "end_rows_too", lambda: None)  # this process is that of the tests
    for split in ("train", "valid", "test"):
        (tmp_path / f"ptb.{split}.txt").touch()
    data = str(tmp_path)
    arguments = ["train_papers.py", "--data", data, "--out", str(out), "--queue", str(file)]
    monkeypatch.setattr(sys, "argv", [*arguments, "ptb_small"])
    with pytest.raises(SystemExit, match="failed: ptb_small_svd_input_r10@2"):
        queue.main()
    second = str(out / "ptb_small.seed2")
    assert started[0] == [
        "train",
        "papers/ptb_small",
        "--out",
        second,
        "--data",
        data,
        "--seed",
        "2",
    ]
    assert started[1][-2:] == ["--start", second]
    assert len(started) == 2
    assert "[1/3] ptb_small: finished before" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [*arguments, "ptb_tiny"])
    with pytest.raises(ValueError, match="begins with one of"):
        queue.main()
    assert len(started) == 2


def test_a_row_does_not_outlive_the_queue():
    row = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    code = (
        "import subprocess, sys; sys.path.insert(0, 'tools/papers'); import train_papers\n"
        f"train_papers.end_rows_too(); subprocess.run([sys.executable, '-c', {row!r}])"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        child = int(process.stdout.readline())
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_claims_are_judged_by_the_rows_that_are_trained():
    rows = [
        {"row": "ptb_small", "test_perplexity": 118.0, "valid_perplexity": 118.0},  # 1.8 % above
        {"row": "ptb_small_hybrid_5x", "test_perplexity": 119.0, "valid_perplexity": 119.0},
        {"row": "ptb_small_low_rank_5x", "test_perplexity": 119.0, "valid_perplexity": 119.0},
        {"row": "ptb_small_svd_recurrent_r50", "test_perplexity": 120.0, "valid_perplexity": 120.0},
        {"row": "ptb_small_svd_input_r50", "test_perplexity": 130.0, "valid_perplexity": 130.0},
    ]
    claims = judge({"rows": rows})
    verdicts = {claim.text: (claim.verdict, claim.evidence) for claim in claims}
    assert len(verdicts) == len(claims)
    assert verdicts["the dense small model reaches 115.9 (within 2 %)"] == (
        "held",
        "118.00 against 115.91",
    )
    # As good is not better.
    assert verdicts["ptb_small at 5x: hybrid beats low rank"][0] == "did not hold"
    assert verdicts[
        "ptb_small, svd, rank 50: the recurrence can be factorised at less loss than the input"
    ][0] == ("held")
    assert sum(claim.verdict != "open" for claim in claims) == 3
    rows[0]["test_perplexity"] = 118.3
    assert judge({"rows": rows})[0].verdict == "did not hold"


def test_input_and_recurrence_are_compared_where_their_matrices_are_alike():
    ranks = [c.text for c in judge({"rows": []}) if "at less loss than the input" in c.text]
    assert len(ranks) == 6
    for base in {text.partition(",")[0] for text in ranks}:
        config = config_of(base)
        assert {config.embedding_dim} == set(config.units)


def test_doping_is_compared_with_others_with_and_without_co_matrix_dropout():
    values = {"doped_kronecker_20x": 120, "doped_kronecker_20x_dropout0": 105, "pruned_20x": 110}
    rows = [
        {"row": f"ptb_small_{name}", "test_perplexity": value, "valid_perplexity": value}
        for name, value in values.items()
    ]
    verdicts = {claim.text: claim.verdict for claim in judge({"rows": rows})}
    doped = "ptb_small at 20x: doped Kronecker {} co-matrix dropout beats pruned"
    assert verdicts[doped.format("with")] == "did not hold"
    assert verdicts[doped.format("without")] == "held"


def test_claims_are_about_rows_that_exist():
    for claim in judge({"rows": []}):
        assert claim.verdict == "open"
        for name in claim.evidence.removeprefix("not trained: ").split(", "):
            assert config_of(name).row == name


def test_steps_of_two_machines_are_not_drawn_beside_each_other():
    def row(name, machine=None):
        timed = {"machine": machine} if machine else {"skipped": "it diverged"}
        return {"row": name, "deployment": timed}

    rows = [row("a", "one"), row("b", "other"), row("c", "one"), row("d")]
    assert [r["row"] for r in plots._timed_alike(rows)] == ["a", "c"]
    assert plots._timed_alike([row("d")]) == []
