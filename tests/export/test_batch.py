"""Files of several streams at once: each is computed as if it were alone."""

import keras
import numpy as np
import pytest
from keras import layers

from lrkeras import layers as ours
from lrkeras import structures
from lrkeras.compression.sparsify import sparsify
from lrkeras.export import ConversionError, StepRunner, convert
from lrkeras.export.runtime.interpreters import open_interpreter

pytestmark = pytest.mark.sampled

RNG = np.random.default_rng(0)
LENGTHS = [7, 4, 1]


@pytest.mark.parametrize("form", ["sequence", "chunk_7", "step"])
def test_each_sequence_ends_where_it_ends(form, tmp_path):
    """Padded and masked beside longer ones, or without padding by itself in Keras: the same."""
    model = keras.Sequential(
        [
            keras.Input((None, 3), name="x"),
            layers.Masking(),
            layers.LSTM(5, return_sequences=True),
            layers.GRU(4),
            layers.Dense(2, name="y"),
        ]
    )
    x = RNG.normal(size=(3, 7, 3)).astype("float32")
    alone = [model.predict(r[None, :n], verbose=0)[0] for r, n in zip(x, LENGTHS, strict=True)]
    for row, length in zip(x, LENGTHS, strict=True):
        row[length:] = 0
    path = tmp_path / "m.tflite"
    report = convert(model, path, form=form, batch=3, steps=7)
    assert report.inputs["x"][0] == 3 and report.outputs == {"y": (3, 2)}
    if form == "sequence":
        (actual,) = open_interpreter(path).get_signature_runner("sequence")(x=x).values()
    else:
        runner = StepRunner(path)
        actual = runner.run(x)[:, -1]
        assert {state.shape[0] for state in runner.states.values()} == {3}
        assert runner.metadata["batch"] == 3
    np.testing.assert_allclose(actual, alone, atol=1e-5)


def test_words_of_several_streams_in_int8(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None,), name="words"),
            layers.Embedding(20, 8, mask_zero=True),
            layers.LSTM(32, return_sequences=True),
            layers.Dense(20),
        ]
    )
    path = tmp_path / "m.tflite"
    report = convert(model, path, forms=("step", "chunk_3"), batch=2, quantize="int8")
    assert set(report.states.values()) == {(2, 32)}
    words = RNG.integers(1, 20, (2, 8))
    expected = model.predict(words, verbose=0)
    assert np.abs(StepRunner(path).run(words) - expected).max() < 0.05 * np.abs(expected).max()


def test_doped_layers_are_not_fused_for_several_streams(tmp_path):
    layer = ours.LSTM(
        32,
        return_sequences=True,
        joint_structure=structures.doped("kronecker", density=0.1, block=(1, 16)),
    )
    model = keras.Sequential([keras.Input((None, 16), name="x"), layer])
    sparsify(model)
    report = convert(model, tmp_path / "m.tflite", batch=2, quantize="int8")
    assert "batch of several" in report.layers[0].lowering or report.layers[0].forms == []
    x = RNG.normal(size=(2, 6, 16)).astype("float32")
    actual, expected = StepRunner(tmp_path / "m.tflite").run(x), model.predict(x, verbose=0)
    assert np.abs(actual - expected).max() < 0.1 * np.abs(expected).max()


@pytest.mark.parametrize("batch", [0, 1.5, True])
def test_wrong_batches(batch, tmp_path):
    model = keras.Sequential([keras.Input((None, 3)), layers.GRU(4)])
    with pytest.raises(ConversionError, match="`batch` to be an int"):
        convert(model, tmp_path / "m.tflite", batch=batch)


def test_sequences_of_another_number_are_refused(tmp_path):
    model = keras.Sequential([keras.Input((None, 3), name="x"), layers.GRU(4)])
    convert(model, tmp_path / "m.tflite", batch=2)
    with pytest.raises(ValueError, match=r"\(2, time, 3\).*\(3, 5, 3\)"):
        StepRunner(tmp_path / "m.tflite").run(np.zeros((3, 5, 3)))
