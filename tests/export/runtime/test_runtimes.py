"""Files on further runtimes: CompiledModel, and tflite-runtime 2.14.

The latter needs an environment of its own, which `tools/test_runtimes.sh` makes.
"""

import importlib
import os
import pathlib
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.sampled

ROOT = pathlib.Path(__file__).parents[3]
OLD = ROOT / os.environ.get("RUNTIME_VENV", ".venv-tflite-2.14") / "bin" / "python"
RUNTIMES = {"interpreter": sys.executable, "compiled": sys.executable}
if OLD.exists():
    RUNTIMES["tflite-runtime"] = os.fspath(OLD)


@pytest.fixture(scope="module")
def tool():
    """tools/benchmarks/check_runtimes.py"""
    pytest.importorskip("tensorflow")
    sys.path.insert(0, os.fspath(ROOT / "tools"))
    yield importlib.import_module("check_runtimes")
    sys.path.remove(os.fspath(ROOT / "tools"))
    sys.modules.pop("check_runtimes")


# Two things are more than products: the call of a shared graph in chunks, and the fused node.
@pytest.mark.parametrize(
    ("model", "kind"), [("dense", "float32"), ("dense", "float16"), ("doped Kronecker", "int8")]
)
def test_files_of_two_forms_agree_with_keras(tool, tmp_path, model, kind):
    layer = tool.recurrent_layers()[model]
    rows = tool.check(model, layer, kind, "step, chunk", RUNTIMES, tmp_path)
    assert [row["runtime"] for row in rows] == list(RUNTIMES)
    for row in rows:
        assert row["agrees"] and set(row["errors"]) == {"step", "chunk_4"}
        assert max(row["errors"].values()) < {"float32": 1e-5, "float16": 1e-3, "int8": 0.02}[kind]


@pytest.mark.skipif(not OLD.exists(), reason=f"no {OLD}: bash tools/test_runtimes.sh makes it")
def test_a_file_for_newer_runtimes_is_refused_by_the_old_one(tool, tmp_path):
    from lrkeras.export import convert

    model = tool.word_model(tool.recurrent_layers()["dense"])
    report = convert(model, tmp_path / "model.tflite", quantize="int8", steps=2)
    assert report.minimum_runtime == "2.17.0"
    words = np.zeros((1, 2), int)
    said = tool.run(OLD, "tflite-runtime", tmp_path / "model.tflite", words, tmp_path)
    assert isinstance(said, str) and "FULLY_CONNECTED" in said and "version '12'" in said


def test_comparison_sees_what_is_wrong(tool):
    reference = {"logits": np.ones((1, 12, 2)), "lstm_h": np.arange(12.0)[:, None]}
    right = {"chunk_4/logits": np.ones((1, 12, 2)), "chunk_4/lstm_h": np.array([[3.0], [7], [11]])}
    assert tool.compare(right, reference) == {"chunk_4": 0}
    late = {"chunk_4/lstm_h": np.array([[3.0], [7], [8]])}
    assert tool.compare(late, reference) == {
        "chunk_4": pytest.approx(3 / np.linalg.norm([3, 7, 11]))
    }
    nothing = {"step/logits": np.full((1, 12, 2), np.nan)}
    assert tool.compare(nothing, reference) == {"step": np.inf}
    with pytest.raises(
        ValueError, match=r"step/logits in shape \(1, 12, 2\), received \(1, 3, 2\)"
    ):
        tool.compare({"step/logits": np.ones((1, 3, 2))}, reference)


def test_keras_reference_carries_the_states(tool):
    """The states after every step, by a loop over the cell."""
    model = tool.word_model(tool.recurrent_layers()["dense"])
    words = np.arange(12)[None]
    found = tool.expected(model, words)
    table, layer, _ = model.layers
    states = [np.zeros((1, tool.UNITS), "float32")] * 2
    for step in range(12):
        _, states = layer.cell(table(words)[:, step], states)
        for name, state in zip(("lstm_h", "lstm_c"), states, strict=True):
            np.testing.assert_allclose(found[name][step], np.asarray(state)[0], atol=1e-5)
    np.testing.assert_allclose(found["logits"], model.predict(words, verbose=0), atol=1e-5)
