"""Files that PyTorch exported (tools/release/torch_onnx_files.py)."""

import pathlib

import keras
import numpy as np
import pytest

from lrkeras import convert, load_model
from lrkeras.export import StepRunner
from lrkeras.importers.onnx import load_onnx

onnxruntime = pytest.importorskip("onnxruntime", reason='pip install "lrkeras[onnx]"')
DATA = pathlib.Path(__file__).parents[1] / "data"
LAYERS = {
    "bidirectional_gru": ["Bidirectional", "Bidirectional", "Dense"],
    "streaming_lstm": ["LSTM", "LSTM", "Dense"],
    "words_lstm": ["Embedding", "LSTM", "Dense"],
    "conv_lstm": ["Conv1D", "Activation", "LSTM", "Dense"],
}


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_is_left_of_the_transposes(name):
    model = load_onnx(DATA / f"{name}.onnx")
    kinds = [type(operation).__name__ for operation in model.operations]
    assert [kind for kind in kinds if kind != "InputLayer"] == LAYERS[name]
    assert model.inputs[0].shape[:2] == (None, None)


def test_the_last_step_alone_is_computed_where_nothing_else_is_read():
    layer = load_onnx(DATA / "conv_lstm.onnx").get_layer("lstm")
    assert not layer.return_sequences and not layer.return_state


@pytest.mark.skipif(
    keras.__version__.startswith("3.12."), reason="Keras 3.12 refuses inputs that lead nowhere"
)
def test_a_streaming_file_is_a_step_file_with_the_states_of_the_file(tmp_path):
    path = DATA / "streaming_lstm.onnx"
    model = load_model(path)
    assert [tensor.name for tensor in model.inputs] == ["x", "h_0", "h_1", "c_0", "c_1"]
    report = convert(model, tmp_path / "step.tflite", form="step")
    assert report.states == dict.fromkeys(("h_0", "c_0", "h_1", "c_1"), (1, 6))
    runner = StepRunner(tmp_path / "step.tflite")
    session = onnxruntime.InferenceSession(path)
    h = c = np.zeros((2, 1, 6), np.float32)
    for x in np.random.default_rng(0).normal(size=(20, 1, 1, 4)).astype("float32"):
        expected, h, c = session.run(None, {"x": x, "h": h, "c": c})
        np.testing.assert_allclose(runner.step(x), expected, atol=1e-5)
    np.testing.assert_allclose(runner.states["h_1"], h[1], atol=1e-5)


def test_words_one_by_one(tmp_path):
    path = DATA / "words_lstm.onnx"
    convert(load_model(path), tmp_path / "step.tflite", form="step")
    runner = StepRunner(tmp_path / "step.tflite")
    ids = np.random.default_rng(0).integers(0, 20, (20, 1))
    (expected,) = onnxruntime.InferenceSession(path).run(None, {"ids": ids})
    for word, scores in zip(ids, expected, strict=True):
        actual = np.squeeze(runner.step(word[None].astype("int32")))
        np.testing.assert_allclose(actual, scores[0], atol=1e-5)


def test_an_imported_model_is_saved(tmp_path):
    model = load_onnx(DATA / "conv_lstm.onnx")
    model.save(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(2, 9, 4)).astype("float32")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(x), model(x))
