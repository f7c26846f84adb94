"""Training models of encoder and decoder as one file with two signatures."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops
from seq2seq_models import WORDS, noisy, translator

from lrkeras import ConversionError, Seq2SeqRunner, convert
from lrkeras.cli import main

pytestmark = pytest.mark.sampled

LENGTH = 6


def run_file(path, source, target):
    """The outputs of `decode` for each step of a target, given one by one."""
    runner = Seq2SeqRunner(path)
    runner.encode(source)
    return np.concatenate([runner.decode(step[None, None]) for step in target], axis=1)


MODELS = {
    "LSTM": dict(),
    "GRU, attention": dict(kind="GRU", attention="Attention"),
    "both ways, additive": dict(both_ways=True, attention="AdditiveAttention"),
    "two layers, shared table, heads": dict(
        depth=2, shared=True, attention="MultiHeadAttention", kind="GRU"
    ),
    "one table that scores too, attention": dict(tied=True, attention="Attention", depth=2),
    "dot by hand": dict(kind="SimpleRNN", attention="dot by hand", mask=False),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_training_model_is_an_encoder_and_a_decoder(name, tmp_path):
    model, path = translator(**MODELS[name]), tmp_path / "file.tflite"
    report = convert(model, path, form="seq2seq", steps=LENGTH)
    assert set(report.signatures) == {"encode", "decode"} and report.form == "seq2seq"
    names = set(report.signatures["decode"]["states"])
    assert names <= set(report.signatures["encode"]["outputs"])
    assert all(re.fullmatch(r"decoder_\d_[hc]", name) for name in names)
    # Another source than those of the gate, padded where the model has a mask.
    source, target = np.array([[3, 7, 1, 9, 0, 0]]), np.array([[5, 2, 8, 4]])
    expected = keras.ops.convert_to_numpy(model([source, target]))
    np.testing.assert_allclose(run_file(path, source, target[0]), expected, atol=1e-5)
    if MODELS[name].get("mask", True):
        np.testing.assert_allclose(run_file(path, source[0, :4], target[0]), expected, atol=1e-5)


def test_auto_takes_a_decoder_of_open_length_step_by_step(tmp_path):
    report = convert(translator(), tmp_path / "a.tflite", form="auto", steps=LENGTH)
    assert list(report.signatures) == ["decode", "encode"]
    assert report.choice.form == "seq2seq" and report.choice.layer == "decoder_0"
    with pytest.raises(ConversionError, match="Expected batch=1 with form='seq2seq'"):
        convert(translator(), tmp_path / "b.tflite", form="seq2seq", steps=LENGTH, batch=2)
    x, h = keras.Input((None, 4)), keras.Input((3,), name="h")
    states = keras.Model([x, h], layers.GRU(3, return_sequences=True)(x, initial_state=h))
    assert list(convert(states, tmp_path / "c.tflite", form="auto").signatures) == ["step"]


@pytest.mark.parametrize(
    "quantize", [pytest.param("float16", marks=pytest.mark.slow), "int8", "int4"]
)
def test_rounded_files(quantize, tmp_path):
    model, path = translator(attention="Attention", shared=True), tmp_path / "file.tflite"
    report = convert(model, path, form="seq2seq", steps=LENGTH, quantize=quantize)
    assert max(found.relative for found in report.parity) < 0.1
    assert report.rounding_loss if quantize == "int4" else not report.rounding_loss
    source, target = np.arange(1, 7)[None], np.array([[5, 2, 8, 4]])
    expected = keras.ops.convert_to_numpy(model([source, target]))
    allowed = {"float16": 0.01, "int8": 0.1, "int4": 0.5}[quantize]
    actual = run_file(path, source, target[0])
    assert np.linalg.norm(actual - expected) < allowed * np.linalg.norm(expected)


def test_weights_are_stored_once(tmp_path):
    shared = convert(translator(shared=True), tmp_path / "a.tflite", form="seq2seq", steps=17)
    assert shared.weights["float32"] < 1.2 * translator(shared=True).count_params()


def test_an_attention_before_the_decoder(tmp_path):
    source, target = keras.Input((LENGTH, 5), name="source"), keras.Input((None,), name="target")
    memory = layers.Masking()(source)
    memory, state = layers.GRU(12, return_sequences=True, return_state=True)(memory)
    words = layers.Embedding(WORDS, 12, mask_zero=True)(target)
    context = layers.AdditiveAttention()([words, memory])
    hidden = layers.GRU(12, return_sequences=True)(
        layers.Concatenate()([words, context]), initial_state=state
    )
    model = noisy(keras.Model([source, target], layers.Dense(WORDS)(hidden)))
    report = convert(model, tmp_path / "file.tflite", form="seq2seq")
    assert report.signatures["encode"]["inputs"] == {"source": (1, LENGTH, 5)}
    assert max(found.relative for found in report.parity) < 1e-5


def test_a_caption_of_features_repeated_for_every_word(tmp_path):
    """A state that is computed once, from a vector, which every step reads too."""
    image, words = keras.Input((10,), name="image"), keras.Input((7,), name="words")
    features = layers.Dense(8, activation="relu", name="features")(image)
    hidden = layers.Embedding(WORDS, 8)(words)
    hidden = layers.Concatenate()([hidden, layers.RepeatVector(7)(features)])
    hidden = layers.GRU(8, return_sequences=True, name="speaker")(hidden, initial_state=features)
    zeros = layers.GRU(8, return_sequences=True, name="second")(hidden)
    model = noisy(keras.Model([image, words], layers.Dense(WORDS, activation="softmax")(zeros)))
    path = tmp_path / "file.tflite"
    report = convert(model, path, form="seq2seq")
    assert report.signatures["encode"]["outputs"] == {
        "speaker_h": (1, 8),
        "features_outputs": (1, 8),
    }
    assert set(report.states) == {"speaker_h", "second_h"}
    rng = np.random.default_rng(1)
    picture, text = rng.normal(size=(1, 10)).astype("float32"), rng.integers(0, WORDS, (1, 7))
    expected = keras.ops.convert_to_numpy(model([picture, text]))
    np.testing.assert_allclose(run_file(path, picture, text[0]), expected, atol=1e-5)


def test_models_inside_the_model_and_one_hot_characters(tmp_path):
    """Keras's example of characters, encoder and decoder as models of their own."""
    characters = keras.Input((None, 9))
    _, *states = layers.LSTM(8, return_state=True)(characters)
    encoder = keras.Model(characters, states, name="reader")
    steps, h, c = keras.Input((None, 9)), keras.Input((8,)), keras.Input((8,))
    hidden, *_ = layers.LSTM(8, return_sequences=True, return_state=True, name="writer")(
        steps, initial_state=[h, c]
    )
    decoder = keras.Model([steps, h, c], layers.Dense(9, activation="softmax")(hidden))
    source, target = keras.Input((None, 9), name="source"), keras.Input((None, 9), name="target")
    model = noisy(keras.Model([source, target], decoder([target, *encoder(source)])))
    path = tmp_path / "file.tflite"
    report = convert(model, path, form="seq2seq", steps=4)
    assert report.signatures["decode"]["states"] == dict.fromkeys(["writer_h", "writer_c"], (1, 8))
    x = np.eye(9, dtype="float32")
    expected = keras.ops.convert_to_numpy(model([x[None, [3, 1, 4, 1]], x[None, [0, 5]]]))
    runner = Seq2SeqRunner(path)
    runner.encode(x[[3, 1, 4, 1]])
    actual = np.concatenate([runner.decode(0), runner.decode(x[5])], axis=1)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_the_training_model_itself_stays_as_it_was(tmp_path):
    model = translator(attention="Attention")
    before = [len(layer._inbound_nodes) for layer in model.layers]
    convert(model, tmp_path / "file.tflite", form="seq2seq", steps=4)
    assert [len(layer._inbound_nodes) for layer in model.layers] == before


def test_inputs_that_cannot_be_told_apart_are_named_by_the_caller(tmp_path):
    source, words = keras.Input((4, 5), name="source"), keras.Input((None,), name="words")
    memory = layers.GRU(8, return_sequences=True)(source)
    hidden = layers.GRU(8, return_sequences=True)(layers.Embedding(WORDS, 8)(words))
    hidden = layers.Attention()([hidden, memory])
    model, path = noisy(keras.Model([source, words], hidden)), tmp_path / "file.tflite"
    with pytest.raises(ConversionError, match=r"decoder_inputs=\[\.\.\.\].*'source', 'words'"):
        convert(model, path, form="seq2seq")
    with pytest.raises(ConversionError, match=r"some of the inputs.*received \['other'\]"):
        convert(model, path, form="seq2seq", decoder_inputs=["other"])
    assert not path.exists()
    convert(model, path, form="seq2seq", decoder_inputs=["words"])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(1, 4, 5)).astype("float32"), np.array([[5, 2, 8]])
    expected = keras.ops.convert_to_numpy(model([x, y]))
    np.testing.assert_allclose(run_file(path, x, y[0]), expected, atol=1e-5)


def autoencoder():
    x = keras.Input((6, 3), name="x")
    hidden = layers.RepeatVector(6)(layers.LSTM(8)(x))
    return keras.Model(x, layers.LSTM(3, return_sequences=True)(hidden))


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (autoencoder, dict(form="seq2seq"), r"RepeatVector.*form='sequence'"),
        (translator, dict(form="seq2seq"), r"length of the form 'seq2seq' .*steps=\.\.\."),
        (translator, dict(form="step"), r"form='seq2seq'"),
        (translator, dict(form="step", decoder_inputs=["target"]), r"with form='seq2seq' only"),
        (translator, dict(forms=["step", "seq2seq"]), r"'seq2seq' alone"),
        (translator, dict(form="seq2seq", steps=4, quantize="int8_full"), r"Use 'int8'"),
        (translator, dict(form="seq2seq", steps=4, sample=np.ones((2, 4))), r"dict of arrays"),
        (
            translator,
            dict(form="seq2seq", steps=4, sample=dict(source=np.ones((2, 5)), target=[[1], [2]])),
            r"'source' of shape \(n, 4\), received \(2, 5\)",
        ),
    ],
)
def test_refusals_name_a_way_on(make, options, said, tmp_path):
    path = tmp_path / "file.tflite"
    with pytest.raises(ConversionError, match=said):
        convert(make(), path, **options)
    assert not list(tmp_path.iterdir())


def test_a_self_attention_over_the_target_is_refused(tmp_path):
    model = translator()
    hidden = layers.Attention(name="back")([model.get_layer("decoder_0").output[0]] * 2)
    whole = keras.Model(model.inputs, hidden)
    with pytest.raises(ConversionError, match=r"`back` \(Attention\) without use_causal_mask"):
        convert(whole, tmp_path / "file.tflite", form="seq2seq", steps=4)


def test_a_wrong_file_is_not_written(tmp_path, monkeypatch):
    """The gate sees a decoder that starts from other states than the encoder's."""
    from lrkeras.export import convert_seq2seq

    def broken(models):
        for weight in models[1].model.weights:
            weight.assign(weight * 1.5)
        return lower(models)

    lower = convert_seq2seq.lower
    monkeypatch.setattr(convert_seq2seq, "lower", broken)
    with pytest.raises(ConversionError, match="agree with Keras"):
        convert(translator(), tmp_path / "file.tflite", form="seq2seq", steps=4)
    assert not list(tmp_path.iterdir())


def test_own_sources_and_targets_are_compared(tmp_path):
    sample = dict(source=np.ones((40, 4)), target=np.arange(280).reshape(40, 7) % WORDS)
    report = convert(translator(), tmp_path / "file.tflite", form="seq2seq", steps=4, sample=sample)
    assert max(found.rows for found in report.parity) == 280


def test_scores_of_an_attention_are_an_output_and_what_operations_attend(tmp_path):
    source, target = keras.Input((5,), name="source"), keras.Input((None,), name="target")
    read = layers.Embedding(WORDS, 8, mask_zero=True)(source)
    memory, state = layers.GRU(8, return_sequences=True, return_state=True)(read)
    hidden = layers.Embedding(WORDS, 8, mask_zero=True)(target)
    hidden = layers.GRU(8, return_sequences=True)(hidden, initial_state=state)
    context, weights = layers.Attention()([hidden, memory], return_attention_scores=True)
    turned = ops.transpose(memory, (0, 2, 1))
    other = ops.matmul(ops.softmax(ops.matmul(hidden, turned), axis=-1), memory)
    scores = layers.Dense(WORDS, name="scores")(layers.Concatenate()([context, other]))
    model = noisy(keras.Model([source, target], [scores, weights]))
    report = convert(model, tmp_path / "file.tflite", form="seq2seq")
    assert list(report.outputs.values()) == [(1, 1, WORDS), (1, 1, 5)]
    assert max(found.relative for found in report.parity) < 1e-5


def test_an_encoder_read_step_by_step_is_refused_for_a_form_that_takes_it(tmp_path):
    source, target = keras.Input((5, 3), name="source"), keras.Input((5, 2), name="target")
    memory, state = layers.GRU(8, return_sequences=True, return_state=True)(source)
    hidden = layers.Concatenate(name="beside")([target, memory])
    hidden = layers.GRU(8, return_sequences=True)(hidden, initial_state=state)
    model, path = noisy(keras.Model([source, target], hidden)), tmp_path / "file.tflite"
    with pytest.raises(ConversionError, match=r"`beside` \(Concatenate\).*form='sequence'"):
        convert(model, path, form="seq2seq")
    convert(model, path, form="sequence")


def test_the_command_line(tmp_path):
    translator().save(tmp_path / "model.keras")
    arguments = ["convert", str(tmp_path / "model.keras"), str(tmp_path / "model.tflite")]
    arguments += ["--form", "seq2seq", "--steps", "4", "--decoder-inputs", "target", "--json"]
    assert main(arguments) == 0
    assert Seq2SeqRunner(tmp_path / "model.tflite").greedy([3, 1], 1, 2, max_steps=3)
