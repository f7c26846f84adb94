"""Decoders, whose recurrent states are inputs of the model, as step files."""

import keras
import numpy as np
import pytest
from keras import layers

from lrkeras import convert, quantize_aware
from lrkeras.export import StepRunner
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.model_graph.state_inputs import without_state_inputs

pytestmark = pytest.mark.sampled

WORDS, UNITS = 40, 24


def decoder(kind="LSTM", depth=1):
    """The decoder of Keras's example: a token and the states, to scores and new states."""
    keras.utils.set_random_seed(3)
    token = keras.Input((None,), name="token")
    hidden, states, after = layers.Embedding(WORDS, 16, name="words")(token), [], []
    for level in range(depth):
        count = 2 if kind == "LSTM" else 1
        given = [keras.Input((UNITS,), name=f"{'hc'[i]}{level}") for i in range(count)]
        layer = getattr(layers, kind)(
            UNITS, return_sequences=True, return_state=True, name=f"dec_{level}"
        )
        hidden, *new = layer(hidden, initial_state=given if count > 1 else given[0])
        states, after = [*states, *given], [*after, *new]
    scores = layers.Dense(WORDS, activation="softmax", name="scores")(hidden)
    return keras.Model([token, *states], [scores, *after])


@pytest.mark.parametrize(("kind", "depth"), [("LSTM", 1), ("LSTM", 2), ("GRU", 2)])
@pytest.mark.parametrize("quantize", [None, "int8"])
def test_a_decoder_is_a_step_file_as_it_stands(kind, depth, quantize, tmp_path):
    model = decoder(kind, depth)
    report = convert(model, tmp_path / "decoder.tflite", quantize=quantize)
    names = [tensor.name for tensor in model.inputs[1:]]
    assert list(report.inputs) == ["token"]
    assert report.states == dict.fromkeys(names, (1, UNITS))
    assert list(report.outputs) == ["scores"]
    runner = StepRunner(tmp_path / "decoder.tflite")
    # From the states of an encoder, feeding back what comes out.
    rng = np.random.default_rng(0)
    states = {name: rng.normal(size=(1, UNITS)).astype("float32") for name in names}
    runner.states = states
    values, token = list(states.values()), np.array([[5]])
    for _ in range(8):
        results = model([np.asarray(value) for value in (token, *values)])
        expected, *values = [keras.ops.convert_to_numpy(result) for result in results]
        actual = runner.step(token)
        tolerance = 1e-5 if quantize is None else 0.01
        np.testing.assert_allclose(actual, expected, atol=tolerance)
        for name, value in zip(names, values, strict=True):
            np.testing.assert_allclose(runner.states[name], value, atol=10 * tolerance)
        token = np.argmax(actual, axis=-1)


def test_the_model_itself_stays_as_it_was(tmp_path):
    model = decoder()
    before = [len(layer._inbound_nodes) for layer in model.layers]
    convert(model, tmp_path / "decoder.tflite")
    assert [len(layer._inbound_nodes) for layer in model.layers] == before


def test_a_decoder_of_four_bits(tmp_path):
    tuned = quantize_aware(decoder("GRU"))
    report = convert(tuned, tmp_path / "decoder.tflite", quantize="int4")
    assert report.states == {"h0": (1, UNITS)}
    assert max(p.relative for p in report.parity) < 0.05


def test_states_that_are_read_elsewhere_stay_inputs():
    token, h = keras.Input((None, 3)), keras.Input((UNITS,), name="h")
    hidden = layers.GRU(UNITS)(token, initial_state=h)
    model = keras.Model([token, h], layers.Add()([hidden, h]))
    assert without_state_inputs(model) == (model, {})


def test_a_sequence_starts_from_the_states_that_it_is_given(tmp_path):
    x, state = keras.Input((5, 6), name="x"), keras.Input((UNITS,), name="state")
    hidden = layers.GRU(UNITS, return_sequences=True)(x, initial_state=state)
    model, path = keras.Model([x, state], hidden), tmp_path / "file.tflite"
    convert(model, path, form="sequence")
    rng = np.random.default_rng(0)
    given = {t.name: rng.normal(size=(1, *t.shape[1:])).astype("float32") for t in model.inputs}
    (actual,) = open_interpreter(path).get_signature_runner("sequence")(**given).values()
    expected = keras.ops.convert_to_numpy(model([given["x"], given["state"]]))
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_padding_counts_beside_an_initial_state_as_it_does_in_keras(tmp_path):
    """Keras looks for no mask where a layer is called with an initial state."""
    tokens, state = keras.Input((None,), dtype="int32"), keras.Input((4,), name="h")
    h = layers.Embedding(5, 3, mask_zero=True)(tokens)
    outputs = layers.GRU(4, return_sequences=True, return_state=True)(h, initial_state=state)
    model = keras.Model([tokens, state], outputs)
    convert(model, tmp_path / "m.tflite")
    before = np.linspace(-1, 1, 4, dtype="float32")[None]
    _, expected = model([np.array([[0]]), before])
    runner = StepRunner(tmp_path / "m.tflite")
    runner.states = {"h": before}
    runner.step(np.array([[0]], "int32"))
    np.testing.assert_allclose(runner.states["h"], expected, atol=1e-6)
