"""Layers of text are cut off, and the runner does what they did."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L  # noqa: N812 (as users write it)

from lrkeras import ConversionError, StepRunner, convert
from lrkeras.cli import main
from lrkeras.export.cutting.text_layers import settings_of
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.text_input import TextInput

WORDS = ["the", "cat", "sat", "straße", "don't", "日", "本", "x", "😀", "don", "t"]
TEXTS = [
    "",
    "   ",
    "The CAT, sat!",
    "the\tcat\n\r\v\fsat\u00a0the",
    "STRASSE Straße ÄÖ äö İ",
    "don't-stop _x_ [UNK] \\ ` ~ ^",
    "日本 日 本x 😀 e\u0301",
    "the " * 9,
    "a\x00b \x1cthe\x85cat\u2028sat",
]


def _model(front, shape=(1,), ids=12, name="words", sequences=False):
    text = keras.Input(shape, dtype="string", name=name)
    x = L.Embedding(ids + 2, 6, mask_zero=True)(front(text))
    return keras.Model(text, L.Dense(3)(L.LSTM(5, return_sequences=sequences)(x)))


def _keras_ids(layer, texts):
    return np.asarray(layer(tf.constant(texts)))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"standardize": None},
        {"standardize": "lower", "output_sequence_length": 4},
        {"standardize": "strip_punctuation", "split": "character"},
        {"split": "character", "output_sequence_length": 5},
        {"split": None, "standardize": "lower"},
    ],
)
def test_texts_get_the_ids_of_keras(settings):
    layer = L.TextVectorization(vocabulary=WORDS, **settings)
    stage = TextInput(json.loads(json.dumps(settings_of(layer))))
    expected = _keras_ids(layer, [[text] for text in TEXTS])
    np.testing.assert_array_equal(stage.ids(TEXTS), expected)
    for text in TEXTS:
        np.testing.assert_array_equal(stage.ids(text), _keras_ids(layer, [[text]])[0])


@pytest.mark.parametrize("settings", [{}, {"mask_token": ""}, {"oov_token": "?"}])
def test_tokens_get_the_ids_of_keras(settings):
    layer = L.StringLookup(vocabulary=WORDS, **settings)
    stage = TextInput(json.loads(json.dumps(settings_of(layer))))
    tokens = [["the", "THE", ""], ["?", "日", "[UNK]"]]
    expected = _keras_ids(layer, tokens)
    np.testing.assert_array_equal(stage.ids(tokens), expected)
    assert stage.ids("cat") == _keras_ids(layer, ["cat"])[0]


def test_whole_numbers_get_the_ids_of_keras():
    layer = L.IntegerLookup(vocabulary=[7, 9, -3], mask_token=0)
    stage = TextInput(json.loads(json.dumps(settings_of(layer))))
    numbers = np.array([[0, 7, 8], [-3, 9, -1]])
    np.testing.assert_array_equal(stage.ids(numbers), np.asarray(layer(numbers)))


def test_a_token_that_no_id_stands_for_is_refused_as_keras_does():
    layer = L.StringLookup(vocabulary=["a", "b"], num_oov_indices=0)
    stage = TextInput(settings_of(layer))
    assert stage.ids(["b", "a"]).tolist() == _keras_ids(layer, ["b", "a"]).tolist()
    with pytest.raises(ValueError, match="received 'c'"):
        stage.ids(["c"])


@pytest.mark.parametrize("length", [None, 6])
def test_a_file_takes_the_ids_of_text(tmp_path, length):
    layer = L.TextVectorization(vocabulary=WORDS, output_sequence_length=length, name="vectors")
    model = _model(layer)
    report = convert(model, tmp_path / "m.tflite", sample=["the cat sat", "The x!", "unknown word"])
    assert report.inputs == {"words": (1, 1)} and "`vectors`" in report.cut[0]
    runner = StepRunner(tmp_path / "m.tflite")
    stage = TextInput(runner.metadata["text"]["words"])
    for text in ("the cat sat", "Nothing known, the"):
        runner.reset()
        found = runner.run(stage.ids(text))[:, -1]
        np.testing.assert_allclose(found, model(tf.constant([[text]])), atol=1e-5)


def test_several_inputs_and_inner_models(tmp_path):
    words = keras.Input((None,), dtype="string", name="words")
    other = keras.Input((None, 2), name="other")
    looked = L.StringLookup(vocabulary=WORDS, name="look")(words)
    inner = keras.Sequential(
        [keras.Input((None,)), L.Embedding(20, 4), L.GRU(4, return_sequences=True)]
    )
    model = keras.Model([other, words], L.Dense(2)(L.Concatenate()([other, inner(looked)])))
    rng = np.random.default_rng(0)
    sample = {"words": np.array([["the", "x", "nowhere"]]), "other": rng.normal(size=(1, 3, 2))}
    report = convert(model, tmp_path / "m.tflite", sample=sample, metadata={"more": 1})
    assert report.inputs == {"other": (1, 1, 2), "words": (1, 1)}
    runner = StepRunner(tmp_path / "m.tflite")
    assert runner.metadata["more"] == 1 and "cut off" in str(report.render().renderables)
    ids = TextInput(runner.metadata["text"]["words"]).ids(sample["words"][0])
    found = runner.run({"other": sample["other"][0].astype("float32"), "words": ids})
    expected = model([tf.constant(sample["other"], tf.float32), tf.constant(sample["words"])])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_vectorizer_before_a_trained_model(tmp_path):
    layer = L.TextVectorization(vocabulary=WORDS, output_sequence_length=5)
    trained = keras.Sequential([keras.Input((5,)), L.Embedding(20, 4), L.LSTM(4), L.Dense(2)])
    whole = keras.Sequential([keras.Input((1,), dtype="string", name="text"), layer, trained])
    convert(whole, tmp_path / "m.tflite", form="sequence")
    runner = open_interpreter(tmp_path / "m.tflite").get_signature_runner("sequence")
    ids = TextInput(settings_of(layer)).ids(["the cat"])
    (found,) = runner(text=ids).values()
    np.testing.assert_allclose(found, whole(tf.constant([["the cat"]])), atol=1e-5)


def test_a_saved_sequential_model_on_the_command_line(tmp_path, capsys):
    layer = L.TextVectorization(vocabulary=WORDS)
    text = keras.Input((1,), dtype="string", name="text")
    model = keras.Sequential([text, layer, L.Embedding(20, 4), L.LSTM(4)])
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "texts.npy", np.array(["the cat sat", "Don't!"]))
    words = ["m.keras", "m.tflite", "--sample", "texts.npy"]
    words = [word if word.startswith("-") else str(tmp_path / word) for word in words]
    assert main(["convert", *words, "--json"]) == 0
    assert "cut off" in json.loads(capsys.readouterr().out)["cut"][0]
    runner = StepRunner(tmp_path / "m.tflite")
    ids = TextInput(runner.metadata["text"]["text"]).ids("The cat!")
    expected = model(tf.constant([["The cat!"]]))
    np.testing.assert_allclose(runner.run(ids)[:, -1], expected, atol=1e-5)


def test_labels_at_the_end(tmp_path):
    x = keras.Input((4, 3), name="x")
    best = keras.ops.argmax(L.Dense(3)(L.LSTM(4)(x)), axis=-1)
    names = L.StringLookup(vocabulary=["no", "yes"], invert=True, name="names")
    model = keras.Model(x, names(best))
    convert(model, tmp_path / "m.tflite")
    runner = StepRunner(tmp_path / "m.tflite")
    (labels,) = runner.metadata["labels"].values()
    assert labels == ["[UNK]", "no", "yes"]
    for value in np.random.default_rng(0).normal(size=(5, 1, 4, 3)).astype("float32"):
        runner.reset()
        scores = runner.run(value)[0, -1]
        assert labels[int(scores.argmax())] == np.asarray(model(value))[0].decode()


def _shout(text):
    return tf.strings.upper(text)


@pytest.mark.parametrize(
    ("front", "named"),
    [
        (lambda: L.TextVectorization(vocabulary=WORDS, standardize=_shout), "standardize=_shout"),
        (lambda: L.TextVectorization(vocabulary=WORDS, split=tf.strings.split), "split="),
        (lambda: L.TextVectorization(vocabulary=WORDS, ngrams=2), "ngrams"),
        (lambda: L.StringLookup(vocabulary=WORDS, num_oov_indices=3), "num_oov_indices=3"),
    ],
)
def test_what_no_runner_can_do_is_named_and_the_advice_works(tmp_path, front, named):
    layer = front()
    model = _model(layer, (1,))
    with pytest.raises(ConversionError, match=layer.name) as refusal:
        convert(model, tmp_path / "m.tflite")
    assert named in str(refusal.value) and not list(tmp_path.iterdir())
    advice = str(refusal.value).split("Convert the rest, ")[1].split(", and do what")[0]
    rest = eval(advice, {"keras": keras, "model": model})
    convert(rest, tmp_path / "m.tflite")
    runner = StepRunner(tmp_path / "m.tflite")
    ids = _keras_ids(layer, [["the cat sat"]])
    expected = model(tf.constant([["the cat sat"]]))
    np.testing.assert_allclose(runner.run(ids[0].astype("int32"))[:, -1], expected, atol=1e-5)


def test_text_that_something_else_reads_is_refused(tmp_path):
    class Length(L.Layer):
        def call(self, text):
            return tf.strings.length(text)[..., None]

        def compute_output_spec(self, text):
            return keras.KerasTensor((*text.shape, 1), "int32")

    text = keras.Input((5,), dtype="string", name="words")
    model = keras.Model(text, L.LSTM(3)(keras.ops.cast(Length(name="long")(text), "float32")))
    with pytest.raises(ConversionError, match=r"`words` of text .* received `long`"):
        convert(model, tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())
