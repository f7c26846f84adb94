"""The gate on character models that others trained, which amplify rounding."""

import os
import pathlib

import numpy as np
import pytest

from lrkeras.export import ConversionError, convert
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.tasks import textgenrnn

ROOT = pathlib.Path(__file__).parents[2]
DATA = os.environ.get("LRKERAS_DATA") or ROOT.parent / "shared" / "data"
ARCHIVE = pathlib.Path(DATA, "textgenrnn.tar.xz")
pytestmark = pytest.mark.skipif(
    not ARCHIVE.is_file(), reason=f"no {ARCHIVE}: LRKERAS_DATA names the folder it is in"
)


@pytest.fixture(scope="module")
def trained():
    """A model, and English text in its numbers (one that stays: rounding errors depend on it)."""
    model, vocabulary = textgenrnn.load(ARCHIVE, "hacker_news")
    text = (ROOT / "LICENSE").read_text(encoding="utf-8").replace("\n", " ")
    return model, np.array([vocabulary.get(letter, 0) for letter in text], "int32")


def other_choices(path, model, windows):
    """Share of the windows for which the file's first choice is another one than Keras's."""
    runner = SignatureRunner(open_interpreter(path), "sequence")
    (name,) = runner.input_names
    outputs = [next(iter(runner({name: window[None]}, {})[0].values()))[0] for window in windows]
    expected = model.predict(windows, verbose=0).argmax(axis=1)
    return np.mean(np.argmax(outputs, axis=1) != expected)


def test_float16_is_written_and_keeps_its_promise_on_other_windows(trained, tmp_path):
    model, text = trained
    half, path = len(text) // 2, tmp_path / "model.tflite"
    report = convert(model, path, form="sequence", quantize="float16", sample=text[:half])
    (found,) = report.parity
    assert found.rows == 256 and found.relative < 0.05
    starts = np.linspace(half, len(text) - 40, 600).astype(int)
    windows = np.stack([text[start : start + 40] for start in starts])
    assert other_choices(path, model, windows) < 0.02


@pytest.mark.parametrize("seed", [0, 1, None])
def test_int8_is_refused_whatever_the_sample(trained, tmp_path, seed):
    """A quarter of the windows of text have another first choice; of random ones, two thirds."""
    model, text = trained
    inputs = {"sample": text} if seed is None else {"seed": seed}
    with pytest.raises(ConversionError, match="No file was written") as caught:
        convert(model, tmp_path / "model.tflite", form="sequence", quantize="int8", **inputs)
    assert ("The inputs were made up" in str(caught.value)) == (seed is not None)
    assert not list(tmp_path.iterdir())
