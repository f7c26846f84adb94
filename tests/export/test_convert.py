import json

import keras
import numpy as np
import pytest
import recurrent_equations as equations_of

from lrkeras import layers, structures
from lrkeras.compression.sparsify import sparsify
from lrkeras.export import StepRunner, convert

pytestmark = pytest.mark.sampled

KL = keras.layers


def _model(*stack, features=12, time=None, name="x"):
    return keras.Sequential([keras.Input((time, features), name=name), *stack])


def _sequence(features=12, steps=9, seed=3):
    return np.random.default_rng(seed).normal(size=(steps, features)).astype("float32")


def _bias(layer, seed=5):
    """Gives a layer a bias that is not zero, so that a lost one shows."""
    bias = layer.cell.bias
    bias.assign(np.random.default_rng(seed).normal(size=bias.shape))


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "model.tflite")


def test_lstm_step_follows_the_equations(path):
    model = _model(KL.LSTM(10, return_sequences=True, name="lstm"))
    _bias(model.layers[0])
    report = convert(model, path)
    runner, xs = StepRunner(path), _sequence()
    expected = equations_of.lstm(xs, *model.get_weights())
    for x, (h, c) in zip(xs, expected, strict=True):
        np.testing.assert_allclose(runner.step(x)[0, 0], h, atol=2e-6)
        np.testing.assert_allclose(runner.states["lstm_h"][0], h, atol=2e-6)
        np.testing.assert_allclose(runner.states["lstm_c"][0], c, atol=2e-6)
    assert set(runner.state_names) == {"lstm_h", "lstm_c"}
    assert report.inputs == {"x": (1, 1, 12)}
    assert report.outputs == {"lstm": (1, 1, 10)}
    assert report.states == {"lstm_h": (1, 10), "lstm_c": (1, 10)}


@pytest.mark.parametrize(
    ("layer", "equations"),
    [
        (KL.GRU, equations_of.gru),
        (KL.SimpleRNN, equations_of.simple_rnn),
        (layers.GRU, equations_of.gru),
    ],
)
def test_other_cells_follow_their_equations(path, layer, equations):
    model = _model(layer(10, return_sequences=True))
    _bias(model.layers[0])
    convert(model, path)
    xs = _sequence()
    cell = model.layers[0].cell
    weights = [np.asarray(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias)]
    expected = np.stack(equations(xs, *weights))
    np.testing.assert_allclose(StepRunner(path).run(xs)[0], expected, atol=2e-6)


def test_word_model_runs_like_keras_with_tokens(path):
    model = keras.Sequential(
        [
            keras.Input((None,), name="tokens"),
            KL.Embedding(50, 16),
            KL.LSTM(24, return_sequences=True),
            KL.Dropout(0.5),
            KL.GRU(20, return_sequences=True),
            KL.LayerNormalization(),
            KL.TimeDistributed(KL.Dense(18, activation="relu")),
            KL.Dense(50, name="logits"),
        ]
    )
    report = convert(model, path)
    tokens = np.random.default_rng(0).integers(0, 50, (1, 11))
    runner = StepRunner(path)
    np.testing.assert_allclose(runner.run(tokens), model.predict(tokens, verbose=0), atol=1e-5)
    assert runner.input_names == ["tokens"] and len(runner.state_names) == 3
    assert report.inputs == {"tokens": (1, 1)}
    # One operator for the look-up: Keras's wrapping of negative ids is gone.
    assert report.operators["GATHER"] == 1 and "SELECT" not in report.operators


def test_functional_model_with_a_branch_and_two_outputs(path):
    x = keras.Input((None, 6), name="features")
    h = KL.LSTM(8, return_sequences=True)(x)
    joined = KL.Concatenate()([h, x])
    model = keras.Model(x, [KL.Dense(3, name="a")(joined), KL.Dense(2, name="b")(h * 2.0)])
    convert(model, path)
    xs = _sequence(6)
    outputs = StepRunner(path).run(xs)
    for name, expected in zip("ab", model.predict(xs[None], verbose=0), strict=True):
        np.testing.assert_allclose(outputs[name], expected, atol=1e-5)


def test_classifier_gives_the_output_of_a_sequence_that_ends_here(path):
    model = _model(KL.LSTM(8, return_sequences=True), KL.LSTM(7), KL.Dense(4))
    convert(model, path)
    xs, runner = _sequence(), StepRunner(path)
    for step in range(3):
        expected = model.predict(xs[None, : step + 1], verbose=0)
        np.testing.assert_allclose(runner.step(xs[step]), expected, atol=1e-5)


def test_nested_models_and_stacked_cells(path):
    inner = _model(KL.RNN([KL.LSTMCell(8), KL.GRUCell(6)], return_sequences=True), features=10)
    model = _model(KL.Dense(10), inner, KL.Dense(3))
    report = convert(model, path)
    xs = _sequence()
    expected = model.predict(xs[None], verbose=0)
    np.testing.assert_allclose(StepRunner(path).run(xs), expected, atol=1e-5)
    assert len(report.states) == 3


def test_stateful_model_keeps_its_own_states(path):
    x = keras.Input(batch_shape=(2, 5, 12))
    model = keras.Model(x, KL.LSTM(6, stateful=True, return_sequences=True)(x))
    xs = np.stack([_sequence(steps=5), _sequence(steps=5, seed=4)])
    fresh = model.predict(xs, verbose=0)
    before = [np.array(s) for s in model.layers[1].states]
    convert(model, path)
    for state, value in zip(model.layers[1].states, before, strict=True):
        np.testing.assert_array_equal(np.array(state), value)
    np.testing.assert_allclose(StepRunner(path).run(xs[0])[0], fresh[0], atol=1e-5)


def test_mixed_precision_model_is_rebuilt_in_float32(path):
    policy = keras.DTypePolicy("mixed_float16")
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            KL.Embedding(30, 12, dtype=policy),
            KL.LSTM(10, return_sequences=True, dtype=policy),
            KL.Dense(30, dtype=policy),
        ]
    )
    _bias(model.layers[1])
    convert(model, path)
    tokens = np.arange(9)
    table, *lstm_weights, kernel, bias = (w.astype("float64") for w in model.get_weights())
    hs = np.stack([h for h, _ in equations_of.lstm(table[tokens], *lstm_weights)])
    np.testing.assert_allclose(StepRunner(path).run(tokens)[0], hs @ kernel + bias, atol=1e-5)


def test_padding_keeps_the_states(path):
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            KL.Embedding(30, 12, mask_zero=True),
            KL.LSTM(10, return_sequences=True),
        ]
    )
    convert(model, path)
    tokens = np.array([[0, 4, 0, 0, 7, 9]])
    np.testing.assert_allclose(
        StepRunner(path).run(tokens), model.predict(tokens, verbose=0), atol=1e-5
    )


STRUCTURED = {
    "low_rank": dict(recurrent_structure="low_rank", kernel_structure="low_rank"),
    "kronecker": dict(joint_structure=structures.Kronecker(terms=2), gate_layout="stacked"),
    "monarch": dict(recurrent_structure="monarch"),
    "toeplitz_like": dict(recurrent_structure="toeplitz_like"),
    "projected": dict(joint_structure="hybrid", projection_units=8),
}


@pytest.mark.parametrize("name", STRUCTURED)
def test_structured_lstm_equals_the_equations_over_its_dense_matrices(path, name):
    layer = layers.LSTM(16, return_sequences=True, **STRUCTURED[name])
    model = _model(layer, features=20)
    convert(model, path)
    xs = _sequence(20)
    if name == "projected":
        expected = model.predict(xs[None], verbose=0)[0]
    else:
        cell = layer.cell
        weights = (np.asarray(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias))
        expected = np.stack([h for h, _ in equations_of.lstm(xs, *weights)])
    np.testing.assert_allclose(StepRunner(path).run(xs)[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("quantize", "runtime", "largest", "smaller"),
    [("float16", "latest", 2e-3, 1.7), ("int8", "latest", 0.05, 2.8), ("int8", "2.16", 0.05, 2.8)],
)
def test_quantised_file_is_small_and_close(tmp_path, quantize, runtime, largest, smaller):
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            KL.Embedding(300, 64),
            KL.LSTM(64, return_sequences=True),
            KL.Dense(300),
        ]
    )
    paths = [str(tmp_path / name) for name in ("a.tflite", "b.tflite")]
    plain = convert(model, paths[0])
    report = convert(model, paths[1], quantize=quantize, runtime=runtime)
    assert plain.file_bytes / report.file_bytes > smaller
    assert max(found.error for found in report.parity) < largest
    versions = {"float16": "2.", "int8": "2.17.0"}
    assert report.minimum_runtime.startswith(versions[quantize] if runtime == "latest" else "2.")
    assert (report.minimum_runtime == "2.17.0") == (quantize == "int8" and runtime == "latest")


@pytest.mark.parametrize("runtime", ["latest", "2.16"])
def test_tied_table_is_stored_once(path, runtime):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    tied = layers.Embedding(2000, 32, name="words")
    hidden = tied(tokens)
    logits = tied(KL.LSTM(32, return_sequences=True)(hidden), reverse=True)
    model = keras.Model(tokens, [logits, hidden])
    table = np.random.default_rng(1).normal(size=(2000, 32)).astype("float32")
    table *= (0.1 + 0.1 * (np.arange(2000) % 4))[:, None].astype("float32")
    tied.embeddings.assign(table)
    report = convert(model, path, quantize="int8", runtime=runtime)
    lstm = 4 * 32 * (32 + 32 + 4)
    # For each row a scale twice, and a zero point.
    scales = 2000 * (4 + 4 + 8) if runtime == "latest" else 0
    assert report.file_bytes < 2000 * 32 + scales + lstm + 12_000
    runner = StepRunner(path)
    outputs = runner.run(np.arange(2000)[None])
    found = next(rows for rows in outputs.values() if rows.shape[-1] == 32)
    largest = np.abs(table).max(axis=None if runtime == "2.16" else 1, keepdims=True)
    np.testing.assert_allclose(found[0], np.rint(table / largest * 127) * largest / 127, rtol=1e-5)


def test_metadata_report_and_existing_file(path):
    model = _model(layers.LSTM(16, joint_structure=structures.doped("kronecker", density=0.1)))
    sparsify(model)
    convert(model, path, metadata={"vocabulary": ["a", "b"]})
    report = convert(model, path, metadata={"vocabulary": ["a", "b"]}, sample=_sequence())
    metadata = StepRunner(path).metadata
    assert metadata["vocabulary"] == ["a", "b"] and metadata["version"] == 1
    assert len(metadata["states"]) == 2
    (row,) = report.layers
    assert row.structure == "4 x (Kronecker + Sparse)" and "quantize=None" in row.lowering
    parsed = json.loads(report.to_json())
    assert parsed["file_bytes"] == report.file_bytes and parsed["layers"][0]["macs"] == row.macs
    assert report.render() is not None
    # 12 + 16 columns, 64 outputs: nothing but weights and biases is counted.
    joint = model.layers[0].cell.joint_structure
    assert row.params == joint.num_params + 64
    assert row.bytes == joint.num_bytes() + 256
