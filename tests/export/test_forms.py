"""Chunks, sequences and several forms in one file, against the equations and against Keras."""

import keras
import numpy as np
import pytest
import recurrent_equations as equations_of

from lrkeras import layers, structures
from lrkeras.compression.sparsify import sparsify
from lrkeras.export import ConversionError, StepRunner, convert
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.steps import recurrent_cell
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.layers.cifg_cell import CIFGCell

pytestmark = pytest.mark.sampled

KL = keras.layers


def _model(*stack, features=12, time=None):
    return keras.Sequential([keras.Input((time, features), name="x"), *stack])


def _sequence(features=12, steps=9, seed=3):
    return np.random.default_rng(seed).normal(size=(steps, features)).astype("float32")


def _biased(model):
    """Gives every vector a value that is not zero, so that a lost one shows."""
    rng = np.random.default_rng(5)
    for weight in model.weights:
        if "bias" in weight.path:
            weight.assign(rng.normal(size=weight.shape))
    return model


def _call(path, name, feed, states=None, **options):
    runner = SignatureRunner(open_interpreter(path, **options), name)
    return runner(feed, runner.zero_states() if states is None else states)


def _lstm(units=10, **arguments):
    return KL.LSTM(units, return_sequences=True, **arguments)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "model.tflite")


@pytest.mark.parametrize("options", [dict(form="chunk_4"), dict(form="chunk", chunk=4)])
def test_chunk_follows_the_equations_and_carries_the_states(path, options):
    model = _biased(_model(_lstm(name="lstm")))
    report = convert(model, path, **options)
    xs = _sequence(steps=8)
    expected = equations_of.lstm(xs, *model.get_weights())
    states = None
    for begin in (0, 4):
        outputs, states = _call(path, "chunk_4", {"x": xs[begin : begin + 4]}, states)
        hs = np.stack([h for h, _ in expected[begin : begin + 4]])
        np.testing.assert_allclose(outputs["lstm"][0], hs, atol=2e-6)
        for name, value in zip(("lstm_h", "lstm_c"), expected[begin + 3], strict=True):
            np.testing.assert_allclose(states[name][0], value, atol=2e-6)
    assert report.form == "chunk_4" and report.forms == ["chunk_4"]
    assert report.inputs == {"x": (1, 4, 12)} and report.outputs == {"lstm": (1, 4, 10)}
    assert report.states == {"lstm_h": (1, 10), "lstm_c": (1, 10)}


CELLS = {
    "gru": (lambda: KL.GRU(10, return_sequences=True), equations_of.gru),
    "our gru": (lambda: layers.GRU(10, return_sequences=True), equations_of.gru),
    "rnn": (lambda: KL.SimpleRNN(10, return_sequences=True), equations_of.simple_rnn),
    "our lstm": (
        lambda: layers.LSTM(10, return_sequences=True, recurrent_structure="low_rank"),
        lambda *a: [h for h, _ in equations_of.lstm(*a)],
    ),
    "our joint lstm": (
        lambda: layers.LSTM(10, return_sequences=True, joint_structure="kronecker"),
        lambda *a: [h for h, _ in equations_of.lstm(*a)],
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_cells_in_chunks_follow_their_equations(path, name):
    layer, equations = CELLS[name]
    model = _biased(_model(layer()))
    convert(model, path, form="chunk_5")
    cell, xs = model.layers[0].cell, _sequence(steps=5)
    weights = [np.asarray(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias)]
    outputs, _ = _call(path, "chunk_5", {"x": xs})
    (actual,) = outputs.values()
    np.testing.assert_allclose(actual[0], np.stack(equations(xs, *weights)), atol=2e-6)


def _every_layer():
    """Cells that Keras and this package know, one after the other, with a mask."""
    return _biased(
        keras.Sequential(
            [
                keras.Input((None,), name="tokens"),
                KL.Embedding(40, 12, mask_zero=True),
                KL.GRU(9, return_sequences=True, reset_after=False),
                layers.RHN(8, return_sequences=True, recurrent_structure="low_rank"),
                layers.GRU(8, return_sequences=True, reset_after=False, zero_output_for_mask=True),
                KL.RNN([KL.LSTMCell(8), KL.GRUCell(6)], return_sequences=True),
                layers.LSTM(8, return_sequences=True, projection_units=5, stateful=False),
                KL.TimeDistributed(KL.Dense(7, activation="relu")),
                KL.LayerNormalization(),
                KL.Rescaling(0.5, offset=0.1),
                KL.Dense(4),
            ]
        )
    )


def test_one_file_of_two_forms_runs_like_keras(path):
    model = _every_layer()
    report = convert(model, path, forms=("step", "chunk_3"))
    assert report.forms == ["step", "chunk_3"]
    assert {found.signature for found in report.parity} == {"step", "chunk_3"}
    tokens = np.random.default_rng(0).integers(0, 6, (1, 11))
    expected = model.predict(tokens, verbose=0)
    for threads, xnnpack in ((1, True), (2, True), (1, False), (2, False)):
        runner = StepRunner(path, num_threads=threads, use_xnnpack=xnnpack)
        assert runner.chunk_steps == [3]
        whole, states = runner.run(tokens), runner.states
        np.testing.assert_allclose(whole, expected, atol=2e-6)
        runner.reset()
        steps = np.concatenate([runner.step(t) for t in tokens[0]], axis=1)
        np.testing.assert_allclose(whole, steps, atol=1e-6)
        for name, value in runner.states.items():
            np.testing.assert_allclose(states[name], value, atol=1e-6)


def test_longest_chunks_first_and_the_report_has_every_signature(path):
    model = _model(_lstm())
    report = convert(model, path, forms=["chunk_2", "step", "chunk_6"])
    runner, xs = StepRunner(path), _sequence(steps=15)
    assert runner.chunk_steps == [6, 2]
    np.testing.assert_allclose(runner.run(xs), model.predict(xs[None], verbose=0), atol=2e-6)
    assert report.signatures["chunk_6"]["inputs"] == {"x": (1, 6, 12)}
    assert report.signatures["step"]["inputs"] == {"x": (1, 1, 12)}
    assert report.inputs == {"x": (1, 2, 12)}
    assert runner.metadata["forms"] == ["chunk_2", "step", "chunk_6"]
    assert '"forms"' in report.to_json()


@pytest.mark.parametrize("quantize", [None, "float16", "int8"])
def test_forms_share_every_weight(tmp_path, quantize):
    model = keras.Sequential(
        [
            keras.Input((None,), name="tokens"),
            KL.Embedding(200, 96),
            KL.GRU(96, return_sequences=True),
            KL.Dense(200),
        ]
    )
    report = convert(model, tmp_path / "model.tflite", forms=["step", "chunk_3"], quantize=quantize)
    # The rest are operators, and in int8 files scales. A second copy of the smallest matrix, 19,200
    # values, would not fit.
    weights = model.count_params() * {None: 4, "float16": 2, "int8": 1}[quantize]
    extra = {None: 20_000, "float16": 20_000, "int8": 34_000}[quantize]
    assert weights < report.file_bytes < weights + extra
    file = ModelFile((tmp_path / "model.tflite").read_bytes())
    large = [len(b.data) for b in file.model.buffers if b.data is not None and len(b.data) > 9_000]
    assert sum(large) < 1.05 * weights


def test_recurrent_weights_belong_to_one_graph_that_every_step_calls(path):
    report = convert(_model(_lstm(250)), path, forms=("step", "chunk_3"))
    # The inputs once for each signature, the state once in all.
    assert report.operators["FULLY_CONNECTED"] == 3
    assert report.operators["IF"] == 4


def test_small_steps_do_without_a_call(path):
    report = convert(_model(_lstm()), path, forms=("step", "chunk_3", "chunk_20"))
    # Inputs and state of the step; inputs once and states thrice; inputs, and the state of a call.
    assert report.operators["FULLY_CONNECTED"] == 2 + 4 + 2
    assert report.operators["IF"] == 20
    assert "IF" not in convert(_model(_lstm()), path, form="chunk_3").operators


def test_a_whole_sequence_of_a_small_layer_does_without_calls_of_steps(path):
    assert "IF" not in convert(_model(_lstm()), path, form="sequence", steps=12).operators
    # Two calls of sixteen steps, which the file holds once, as calls of one.
    assert convert(_model(_lstm()), path, form="sequence", steps=32).operators["IF"] == 18
    # A large one calls its one step.
    assert convert(_model(_lstm(250)), path, form="sequence", steps=12).operators["IF"] == 12


def test_doped_layers_in_chunks_use_the_fused_product(path):
    doped = structures.doped("kronecker", density=0.1, block=(1, 16))
    model = _model(layers.LSTM(32, return_sequences=True, joint_structure=doped), features=32)
    sparsify(model)
    report = convert(model, path, forms=("step", "chunk_4"), quantize="int8")
    assert "block-sparse" in report.layers[0].lowering
    xs = _sequence(32)
    np.testing.assert_allclose(
        StepRunner(path).run(xs), model.predict(xs[None], verbose=0), atol=0.02
    )


def test_output_of_the_last_step_is_that_of_the_end_of_the_chunk(path):
    model = _model(KL.GRU(5), KL.Dense(3, name="dense"))
    convert(model, path, forms=("step", "chunk_4"))
    xs, runner = _sequence(steps=8), StepRunner(path)
    outputs, _ = _call(path, "chunk_4", {"x": xs[:4]})
    np.testing.assert_allclose(outputs["dense"], model.predict(xs[None, :4], verbose=0), atol=2e-6)
    # A chunk has no outputs of the steps before its end, so sequences run in steps.
    assert runner.chunk_steps == []
    actual = runner.run(xs)[:, 4]
    np.testing.assert_allclose(actual, model.predict(xs[None, :5], verbose=0), atol=2e-6)


def test_causal_convolutions_keep_their_last_inputs(path):
    model = _model(
        KL.Conv1D(6, 3, padding="causal", activation="relu", name="near"),
        KL.Conv1D(4, 2, padding="causal", dilation_rate=3, groups=2, use_bias=False, name="far"),
        KL.Conv1D(5, 1, padding="causal"),
        _lstm(4, name="lstm"),
    )
    report = convert(_biased(model), path, forms=("step", "chunk_3"))
    xs = _sequence(steps=14)
    np.testing.assert_allclose(
        StepRunner(path).run(xs), model.predict(xs[None], verbose=0), atol=2e-6
    )
    assert report.states["near_inputs"] == (1, 2, 12) and report.states["far_inputs"] == (1, 3, 6)


def test_normalization_and_a_nested_stateful_model(path):
    normalization = KL.Normalization(mean=np.arange(12.0), variance=np.arange(1.0, 13.0))
    inner = keras.Sequential([keras.Input((None, 12)), KL.GRU(5, return_sequences=True)])
    x = keras.Input(batch_shape=(2, None, 12), name="x")
    model = keras.Model(
        x, KL.LSTM(4, stateful=True, return_sequences=True)(inner(normalization(x)))
    )
    xs = np.stack([_sequence(steps=7), _sequence(steps=7, seed=4)])
    fresh = model.predict(xs, verbose=0)
    report = convert(model, path, forms=("step", "chunk_2"))
    np.testing.assert_allclose(StepRunner(path).run(xs[0])[0], fresh[0], atol=2e-6)
    assert len(report.states) == 3


def _attending():
    x = keras.Input((None, 12), name="x")
    h = _lstm()(x)
    return keras.Model(x, KL.Attention()([h, h])[:, -1])


SEQUENCES = {
    "forward": lambda: _model(_lstm(), KL.LSTM(8)),
    "backwards": lambda: _model(_lstm(go_backwards=True), KL.Dense(3)),
    "both ways": lambda: _model(
        KL.Bidirectional(KL.GRU(5, return_sequences=True), merge_mode="ave"),
        KL.Bidirectional(layers.LSTM(4, joint_structure="kronecker"), merge_mode="mul"),
    ),
    "masked both ways": lambda: keras.Sequential(
        [
            keras.Input((None,), name="x", dtype="int32"),
            KL.Embedding(9, 6, mask_zero=True),
            KL.Bidirectional(KL.GRU(5, return_sequences=True)),
            KL.Bidirectional(KL.GRU(5), merge_mode="sum"),
        ]
    ),
    "whole sequence": lambda: _model(
        KL.Conv1D(4, 3, padding="same"), _lstm(), KL.GlobalMaxPooling1D()
    ),
    "attention": _attending,
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequence_runs_like_keras(path, name, monkeypatch):
    # A block and a half: as with blocks of 16 steps, in a graph of a third of the size.
    monkeypatch.setattr(recurrent_cell, "BLOCK_STEPS", 4)
    model = _biased(SEQUENCES[name]())
    report = convert(model, path, form="sequence", steps=6)
    xs = _sequence(steps=6)
    if name == "masked both ways":
        xs = np.random.default_rng(0).integers(0, 3, 6)
    outputs, states = _call(path, "sequence", {"x": xs})
    (actual,) = outputs.values()
    np.testing.assert_allclose(actual, model.predict(xs[None], verbose=0), atol=2e-6)
    assert states == {} and report.states == {}
    assert report.inputs["x"][1] == 6 and not any("CUSTOM" in name for name in report.operators)


def test_sequence_takes_its_length_from_the_model(path):
    model = _model(_lstm(), time=6)
    assert convert(model, path, form="sequence").inputs == {"x": (1, 6, 12)}
    with pytest.raises(ConversionError, match="as long as the model, 6 steps, received steps=7"):
        convert(model, path, form="sequence", steps=7)
    with pytest.raises(ConversionError, match="length of the form 'sequence', which `sequential"):
        convert(_model(_lstm()), path, form="sequence")


@pytest.mark.parametrize("form", ["step", "chunk_4"])
def test_streaming_forms_refuse_what_needs_the_end(path, form):
    with pytest.raises(ConversionError, match=r"go_backwards=True.*form='sequence'"):
        convert(_model(_lstm(go_backwards=True)), path, form=form)
    with pytest.raises(ConversionError, match=r"`ways`.*reads the sequence backwards"):
        model = _model(KL.Bidirectional(_lstm(), name="ways"), time=5)
        convert(model, path, forms=("sequence", form))


def _with_computed_state(time=5):
    """A horizon whose decoder starts from the states of the encoder."""
    x = keras.Input((time, 6), name="x")
    _, h, c = _lstm(units=4, return_state=True)(x)
    decoder = KL.LSTM(4, return_sequences=True)
    return keras.Model(x, decoder(KL.RepeatVector(3)(h), initial_state=[h, c]))


WHOLE = {
    "lambda": lambda: _model(_lstm(), KL.Lambda(lambda x: keras.ops.sum(x, axis=1)), time=5),
    "reshape": lambda: _model(_lstm(), KL.Reshape((10, 5)), KL.Dense(2), time=5),
    "computed state": _with_computed_state,
    "conv lstm": lambda: keras.Sequential(
        [keras.Input((3, 6, 6, 1)), KL.ConvLSTM2D(2, 3, go_backwards=True), KL.Flatten()]
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_sequences_take_what_steps_refuse(name, path):
    """And the refusal of a step names the form that the model then converts in."""
    keras.utils.set_random_seed(0)
    model = WHOLE[name]()
    with pytest.raises(ConversionError, match=r"form='sequence'|form 'sequence'"):
        convert(model, path)
    convert(model, path, form="sequence")
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(1, *t.shape[1:])).astype("float32") for t in model.inputs]
    expected = keras.ops.convert_to_numpy(model(given if len(given) > 1 else given[0]))
    runner = open_interpreter(path).get_signature_runner("sequence")
    names = list(runner.get_input_details())
    feed = dict(zip((t.name for t in model.inputs), given, strict=True))
    if len(names) == 1:
        feed = {names[0]: given[0]}
    (actual,) = runner(**feed).values()
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_convolutions_of_one_step_stream(path):
    keras.utils.set_random_seed(0)
    model = _model(KL.Conv1D(4, 1, use_bias=False), _lstm(), KL.Conv1D(3, 1, padding="same"))
    convert(model, path)
    x = np.random.default_rng(0).normal(size=(1, 9, 12)).astype("float32")
    np.testing.assert_allclose(StepRunner(path).run(x), model.predict(x, verbose=0), atol=1e-5)


@keras.saving.register_keras_serializable(package="tests")
class Leaky(keras.layers.Layer):
    """A cell whose output is not its state."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, x, states):
        state = 0.5 * states[0] + keras.ops.matmul(x, self.kernel)
        return keras.ops.tanh(state), [state]


def test_cell_of_the_users_own(path):
    model = _model(KL.RNN(Leaky(5), return_sequences=True))
    convert(model, path, forms=("step", "chunk_4"))
    xs = _sequence()
    np.testing.assert_allclose(
        StepRunner(path).run(xs), model.predict(xs[None], verbose=0), atol=2e-6
    )
    masked = _model(KL.Masking(), KL.RNN(Leaky(5), return_sequences=True))
    with pytest.raises(ConversionError, match="output of Leaky is not known to be one of its"):
        convert(masked, path)


@keras.saving.register_keras_serializable(package="tests")
class Held(Leaky):
    """A cell that tells which of its two states its output is."""

    output_state = 1

    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.state_size = [units, units]

    def call(self, x, states):
        state = 0.5 * states[0] + keras.ops.matmul(x, self.kernel)
        return keras.ops.tanh(state), [state, keras.ops.tanh(state)]


@pytest.mark.parametrize("cell", [lambda: CIFGCell(7, 4), lambda: Held(5)], ids=["CIFG", "own"])
def test_masked_steps_of_a_cell_that_tells_its_output(cell, path):
    keras.utils.set_random_seed(0)
    model = _model(KL.Masking(), KL.RNN(cell(), return_sequences=True))
    convert(model, path, forms=("step", "chunk_4"))
    xs = _sequence()
    xs[[0, 3, 4, len(xs) - 1]] = 0
    np.testing.assert_allclose(
        StepRunner(path).run(xs), model.predict(xs[None], verbose=0), atol=2e-6
    )


def test_short_sample_is_repeated_for_a_long_chunk(path):
    report = convert(_model(_lstm()), path, form="chunk_16", sample=_sequence(steps=3))
    assert max(found.error for found in report.parity) < 1e-5


def test_gate_covers_every_signature(path, monkeypatch):
    """A chunk that forgets its states passes in the first chunk and is found in the second."""

    def forgetful(self, feed, states):
        return original(self, feed, states if self.steps == 1 else self.zero_states())

    original = SignatureRunner.__call__
    monkeypatch.setattr(SignatureRunner, "__call__", forgetful)
    with pytest.raises(ConversionError, match="of the signature `chunk_4`"):
        convert(_model(_lstm()), path, forms=("step", "chunk_4"))
