"""tools/benchmarks/bench_deploy.py and the stock pruned files that it compares with."""

import importlib
import json
import os
import sys

import numpy as np
import pytest

from lrkeras.export import find_sparse_hazards
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.tflite.model_file import ModelFile

TOOLS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "tools", "benchmarks")
UNITS = 48


@pytest.fixture
def tools(monkeypatch):
    """The modules of the tool, imported as it imports them."""
    pytest.importorskip("tensorflow")
    monkeypatch.syspath_prepend(TOOLS)
    names = ("bench_deploy", "deploy_models", "stock_pruning")
    yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name)


def _lstm_step(weight, x, h, c):
    """The equations, in float64."""
    v = np.concatenate([x, h, np.zeros((1, weight.shape[1] - 2 * UNITS))], axis=1)
    i, f, g, o = np.split(v @ weight.T.astype(np.float64), 4, axis=1)
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return {"h": sigmoid(o) * np.tanh(c), "c": c}


@pytest.mark.parametrize(
    ("number", "block", "atol"), [(0, (1, 1), 1e-5), (1, (1, 4), 1e-5), (2, (1, 16), 0.02)]
)
def test_stock_pruned_step_is_right_sparse_and_as_large_as_asked(
    tools, tmp_path, number, block, atol
):
    forms = tools["stock_pruning"].FORMS
    form = list(forms.values())[number]
    assert form.block == block
    size = 4 * 4 * UNITS * 2 * UNITS // (40 if form.int8 else 10)
    density = form.density_for(size, UNITS)
    path = tmp_path / "pruned.tflite"
    weight = tools["stock_pruning"].write_pruned_step(path, UNITS, form, density)
    assert np.mean(weight != 0) == pytest.approx(density, rel=0.1)
    kept = weight.reshape(len(weight), -1, block[1]) != 0
    assert (kept.all(axis=2) == kept.any(axis=2)).all()
    # The rest is the biases (3 KB), the graph and, for int8, a scale for each output.
    assert path.stat().st_size == pytest.approx(size, rel=0.1, abs=9000)
    assert bool(find_sparse_hazards(path)) == (not form.use_xnnpack)
    rng = np.random.default_rng(0)
    feed = {name: rng.normal(size=(1, UNITS)).astype("float32") for name in "xhc"}
    runner = open_interpreter(path, use_xnnpack=form.use_xnnpack).get_signature_runner("step")
    result = runner(**feed)
    for name, expected in _lstm_step(weight, **feed).items():
        np.testing.assert_allclose(result[name], expected, atol=atol)


@pytest.mark.slow  # the files that it times are tested below
def test_the_tool_writes_claims_survey_and_plot(tools, tmp_path, monkeypatch, capsys):
    models, bench = tools["deploy_models"], tools["bench_deploy"]
    survey = {name: made[:1] for name, made in list(models.surveyed().items())[:2]}
    impossible = models.Variant("lr_many", lambda: models.structures.LowRank(compression=900))
    survey["low rank"].append(impossible)
    monkeypatch.setattr(models, "surveyed", lambda: survey)
    # What the claims below compare, and the two that the warm-up takes.
    claimed = models.claimed
    monkeypatch.setattr(models, "claimed", lambda c: [*claimed(c)[:3], *claimed(c)[-2:]])
    monkeypatch.setattr(bench, "SPEED_GOALS", bench.SPEED_GOALS[1:2] + bench.SPEED_GOALS[-1:])
    monkeypatch.setattr(bench, "SIZE_GOAL", {UNITS: 1e9})
    out, plot = tmp_path / "deploy.json", tmp_path / "deploy.png"
    words = ["--sizes", str(UNITS), "--rounds", "2", "--compression", "5"]
    bench.main([*words, "--out", str(out), "--plot", str(plot)])
    content = json.loads(out.read_text())
    assert content["versions"]["keras"] and content["rounds"] == 2
    size = content["sizes"][str(UNITS)]
    doped, hybrid, smaller = size["claims"]
    assert doped["against"] == "dense_int8" and doped["goal"] is None and doped["reached"] is None
    assert hybrid["quartiles"][0] <= hybrid["times_faster"] <= hybrid["quartiles"][1]
    bytes_of = {name: file["bytes"] for name, file in size["files"].items()}
    ratio = bytes_of["dense_float32"] / bytes_of["doped_kronecker_int8"]
    assert smaller["times_smaller"] == ratio and smaller["reached"] is False
    # int8 against float32: a quarter of the weights, and of the error something.
    assert size["files"]["dense_float32"]["parameters"] == 4 * UNITS * (2 * UNITS + 1)
    assert size["files"]["dense_float32"]["error_against_keras"] < 1e-5
    assert 1e-5 < size["files"]["dense_int8"]["error_against_keras"] < 0.1
    rows = {row["name"]: row for row in size["survey"]["rows"]}
    assert "900 times smaller" in rows["lr_many"]["error"]
    # Stacked, of rank r: r (2 n + 4 n) parameters and 4 n biases.
    rank = (rows["lr_5"]["parameters"] - 4 * UNITS) / (6 * UNITS)
    assert rank == int(rank) and rows["lr_5"]["compression"] >= 5
    assert rows["lr_5"]["worth_it"] in (True, False) and rows["hybrid_5"]["us"] > 0
    assert len(size["warmup"]["dense_int8"]) == 30
    assert plot.read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "Claims" in printed and "cannot be" in printed


@pytest.mark.slow  # tests of the products hold files of such layers against these names
def test_claimed_files_differ_in_what_their_names_say(tools, tmp_path):
    stacked, per_gate = tools["deploy_models"].claimed(5)[3:5]
    counts = []
    for variant in (stacked, per_gate):
        report = variant.write(tmp_path, 32)
        with open(report.path, "rb") as stream:
            file = ModelFile(stream.read())
        counts.append(sum(file.op_name(op) == "FULLY_CONNECTED" for op in file.graphs[0].operators))
    # Two factors for the stacked matrix; the left ones of the four gates as one, four right ones.
    assert counts == [2, 5]
