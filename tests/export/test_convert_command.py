"""`lrkeras convert` with forms, lengths and samples."""

import json

import keras
import numpy as np
import pytest

from lrkeras.cli import main
from lrkeras.export import StepRunner

pytestmark = pytest.mark.sampled


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("model") / "model.keras"
    layer = keras.layers.GRU(32, return_sequences=True)
    keras.Sequential([keras.Input((None, 32), name="x"), layer]).save(file)
    return file


@pytest.fixture
def convert(model_file, tmp_path, capsys):
    """Runs the command; returns the report, or the line that says why not."""

    def call(*options):
        words = ["convert", model_file, tmp_path / "m.tflite", "--json", *options]
        status = main([str(word) for word in words])
        printed = capsys.readouterr()
        return json.loads(printed.out) if status == 0 else printed.err

    return call


@pytest.mark.parametrize(
    "options", [("--form", "step, chunk_3"), ("--form=step", "--form=chunk_3")]
)
def test_several_forms(convert, options, tmp_path):
    report = convert(*options)
    assert report["forms"] == ["step", "chunk_3"] and report["form"] == "step"
    assert report["signatures"]["chunk_3"]["inputs"] == {"x": [1, 3, 32]}
    assert StepRunner(tmp_path / "m.tflite").chunk_steps == [3]


def test_length_of_a_sequence(convert):
    assert "steps=..." in convert("--form", "sequence")
    assert convert("--form", "sequence", "--steps", "4")["inputs"] == {"x": [1, 4, 32]}


def test_sample_of_full_int8(convert, tmp_path):
    sample = tmp_path / "sample.npy"
    assert "`sample`" in convert("--quantize", "int8_full")
    assert "No file" in convert("--quantize", "int8_full", "--sample", sample)
    sample.write_text("not an array")
    assert "a .npy file" in convert("--quantize", "int8_full", "--sample", sample)
    np.savez(tmp_path / "two.npz", a=np.zeros(3))
    assert "the inputs ['x'], received ['a']" in convert("--sample", tmp_path / "two.npz")
    np.savez(tmp_path / "one.npz", x=np.zeros((20, 32)))
    assert convert("--sample", tmp_path / "one.npz")["inputs"] == {"x": [1, 1, 32]}
    np.save(sample, np.random.default_rng(0).normal(size=(20, 32)))
    report = convert("--quantize", "int8_full", "--sample", sample)
    assert report["operators"]["QUANTIZE"] == 2 and report["quantize"] == "int8_full"
