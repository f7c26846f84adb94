"""bench_chunks.py and bench_runner.py of tools/benchmarks on models of a few units."""

import importlib
import json
import os
import sys

import pytest

TOOLS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "tools", "benchmarks")


@pytest.fixture
def tool(monkeypatch):
    """Imports a tool as it is run."""
    pytest.importorskip("tensorflow")
    monkeypatch.syspath_prepend(TOOLS)
    names = []

    def load(name):
        names.append(name)
        return importlib.import_module(name)

    yield load
    for name in names:
        sys.modules.pop(name)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the system must tell the memory")
def test_chunks(tool, tmp_path):
    pytest.importorskip("matplotlib")
    out, plot = tmp_path / "chunks.json", tmp_path / "chunks.png"
    words = ["--lengths", "2", "4", "--units", "4", "--rounds", "2", "--words", "2000"]
    words += ["--memory-units", "256", "--kinds", "float32"]
    words += ["--ways", "interpreter", "first cache", "--out", str(out), "--plot", str(plot)]
    tool("bench_chunks").main(words)
    content = json.loads(out.read_text())
    assert [(row["way"], row["steps"]) for row in content["times"]] == [
        ("calls of 16", 2),
        ("calls of 16", 4),
        ("one call", 2),
        ("one call", 4),
    ]
    assert all(row["step_us"] > 0 for row in content["times"])
    assert content["times"][2]["ratio_to_shortest"] == 1
    assert plot.read_bytes().startswith(b"\x89PNG")
    rows = {(row["quantize"], len(row["forms"]), row["way"]): row for row in content["memory"]}
    assert len(rows) == 2 * 2
    # What XNNPACK packs: all but the table of 2000 x 256. Both forms share the recurrent halves.
    table, kernel, head = 2000 * 256 * 4, 256 * 1024 * 4, 256 * 2000 * 4
    one, two = (rows[None, forms, "interpreter"]["bytes"]["private"] for forms in (1, 2))
    assert one == pytest.approx(4 * kernel + head, rel=0.3)
    assert two - one == pytest.approx(2 * kernel + head, rel=0.3)
    cached = rows[None, 2, "first cache"]["bytes"]
    assert cached["cache_file"] == pytest.approx(4 * kernel + head, rel=0.1)
    assert cached["private"] < 0.3 * two
    kept = rows[None, 2, "interpreter"]["bytes"]
    assert 0.8 * rows[None, 2, "interpreter"]["file_bytes"] - table < kept["mapped"]
    assert kept["private"] < kept["resident_after_giving_back"] < kept["peak"]


@pytest.mark.slow  # the ways that it times are compared below
def test_runner(tool, tmp_path, monkeypatch):
    out = tmp_path / "runner.json"
    words = ["bench_runner.py", "--units", "4", "--rounds", "3", "--count", "8", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    tool("bench_runner").main()
    rows = json.loads(out.read_text())["rows"]
    assert [row["way"] for row in rows][::4] == ["invoke", "StepRunner.step"]
    assert rows[0]["over_invoke_us"] == 0 and rows[0]["ratio_to_invoke"] == 1
    assert all(row["over_invoke_us"] > 0 for row in rows[1:])


def test_every_way_to_step_computes_the_same(tool, tmp_path):
    import keras
    import numpy as np

    from lrkeras.export import StepRunner, convert

    stack = [keras.Input((None,)), keras.layers.Embedding(9, 4), keras.layers.GRU(3)]
    convert(keras.Sequential(stack), tmp_path / "m.tflite", steps=2)
    expected = StepRunner(tmp_path / "m.tflite").run([3, 3, 3])[0, -1]
    module = tool("bench_runner")
    for name in list(module.Ways(tmp_path / "m.tflite").calls)[1:]:
        call = module.Ways(tmp_path / "m.tflite").calls[name]
        for _ in range(3):
            found = call()
        arrays = found.values() if isinstance(found, dict) else [*found]
        near = [
            np.allclose(np.reshape(a, -1), expected, atol=1e-6) for a in arrays if np.size(a) == 3
        ]
        assert any(near), name
