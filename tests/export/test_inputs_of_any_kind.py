"""Inputs are what reads them: ids, series, or vectors beside a series."""

import keras
import numpy as np
import pytest
from keras import layers

import lrkeras
from lrkeras import convert
from lrkeras.export import ConversionError
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.model_graph.input_kinds import fixed_length, reads_ids

pytestmark = pytest.mark.sampled

RNG = np.random.default_rng(0)


def series():
    """A flat window of numbers, as many scripts have it."""
    return keras.Sequential(
        [
            keras.Input((60,), name="series"),
            layers.Reshape((60, 1)),
            layers.LSTM(16),
            layers.Dense(1),
        ]
    )


def beside():
    """A series, and a vector that is joined behind the LSTM."""
    vector, window = keras.Input((5,), name="vector"), keras.Input((30, 4), name="window")
    joined = layers.Concatenate()([layers.LSTM(16)(window), layers.Dense(4)(vector)])
    return keras.Model([vector, window], layers.Dense(1)(joined))


def past_and_future():
    future, past = keras.Input((12, 3), name="future"), keras.Input((24, 5), name="past")
    state = layers.RepeatVector(12)(layers.LSTM(16)(past))
    hidden = layers.LSTM(16, return_sequences=True)(layers.Concatenate()([state, future]))
    return keras.Model([future, past], layers.Dense(1)(hidden))


def outputs(path, **inputs):
    runner = open_interpreter(path).get_signature_runner("sequence")
    (result,) = runner(**inputs).values()
    return result


def inputs_of(model, count):
    return {t.name: RNG.normal(size=(count, *t.shape[1:])).astype("float32") for t in model.inputs}


def keras_outputs(model, given):
    values = [given[tensor.name] for tensor in model.inputs]
    return keras.ops.convert_to_numpy(model(values if len(values) > 1 else values[0]))


@pytest.mark.parametrize("make", [series, beside, past_and_future])
@pytest.mark.parametrize("quantize", [None, "int8"])
def test_windows_of_inputs_of_any_length(make, quantize, tmp_path):
    keras.utils.set_random_seed(0)
    model, path = make(), tmp_path / "file.tflite"
    report = convert(model, path, form="sequence", quantize=quantize)
    assert report.inputs == {t.name: (1, *t.shape[1:]) for t in model.inputs}
    given = inputs_of(model, 1)
    expected = keras_outputs(model, given)
    tolerance = 1e-5 if quantize is None else 0.05
    np.testing.assert_allclose(outputs(path, **given), expected, atol=tolerance)


@pytest.mark.parametrize("make", [series, beside, past_and_future])
def test_real_samples_are_compared_as_they_are(make, tmp_path):
    """Fractions were cut to whole numbers before, on both sides of the comparison."""
    keras.utils.set_random_seed(0)
    model = make()
    sample, path = inputs_of(model, 8), tmp_path / "file.tflite"
    convert(model, path, form="sequence", sample=sample)
    given = {name: value[3:4] for name, value in sample.items()}
    np.testing.assert_allclose(outputs(path, **given), keras_outputs(model, given), atol=1e-5)


def test_a_vector_of_another_size_is_refused(tmp_path):
    sample = {**inputs_of(beside(), 2), "vector": np.ones((2, 4))}
    with pytest.raises(ConversionError, match=r"'vector' of shape \(n, 5\).*received \(2, 4\)"):
        convert(beside(), tmp_path / "file.tflite", form="sequence", sample=sample)
    assert not list(tmp_path.iterdir())


class TwoTables(layers.Layer):
    """A layer of one's own that looks ids up."""

    def __init__(self):
        super().__init__()
        self.words, self.places = layers.Embedding(50, 8), layers.Embedding(20, 8)

    def call(self, ids):
        places = keras.ops.arange(keras.ops.shape(ids)[1])
        return self.words(ids) + self.places(places)


def nested():
    ids = keras.Input((7,))
    return keras.Model(ids, layers.Embedding(50, 8)(ids))


@pytest.mark.parametrize(
    "front",
    [
        layers.Embedding(50, 8),
        TwoTables(),
        nested(),
        lambda x: layers.Embedding(50, 8)(layers.Reshape((7,))(x)),
        lambda x: layers.Embedding(50, 8)(x[:, :5]),
        lambda x: layers.Embedding(50, 8, mask_zero=True)(keras.ops.cast(x, "int32")),
    ],
)
def test_what_a_table_reads_is_ids(front):
    x = keras.Input((7,))
    assert reads_ids(keras.Model(x, layers.LSTM(4)(front(x)))) == [True]


@pytest.mark.parametrize("make", [series, beside, past_and_future])
def test_what_nothing_looks_up_is_numbers(make):
    assert not any(reads_ids(make()))


def test_the_length_is_that_of_the_longest_sequence():
    assert fixed_length(series()) == 60
    assert fixed_length(beside()) == 30
    assert fixed_length(past_and_future()) == 24


@pytest.mark.parametrize("table", [layers.ReversibleEmbedding, lrkeras.layers.Embedding])
def test_masks_of_reversible_embeddings_reach_every_layer(table, tmp_path):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((10,), dtype="int32", name="ids"),
            table(50, 8, mask_zero=True),
            layers.LSTM(8, return_sequences=True),
            layers.Dropout(0.5),
            layers.LSTM(8),
        ]
    )
    x = np.array([[3, 7, 1, 9, 4, 2, 8, 0, 0, 0]], "int32")
    expected = keras.ops.convert_to_numpy(model(x))
    for form in ("step", "chunk_5", "sequence"):
        path = tmp_path / f"{form}.tflite"
        convert(model, path, form=form)
        if form == "sequence":
            actual = outputs(path, ids=x)
        else:
            actual = lrkeras.export.StepRunner(path).run(x)[:, -1]
        np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_ranges_are_those_of_every_window_of_a_sample(tmp_path):
    """A quiet window, then a loud one: as two sequences, and as one that is twice as long."""
    sums = layers.SimpleRNN(32, activation=None, return_sequences=True)
    model = keras.Sequential([keras.Input((10, 32), name="x"), sums])
    model.set_weights([np.eye(32), np.zeros((32, 32)), np.zeros(32)])
    quiet, loud = 0.5 * np.ones((1, 10, 32), "float32"), 8 * np.ones((1, 10, 32), "float32")
    for axis in (0, 1):
        path, sample = tmp_path / f"{axis}.tflite", np.concatenate([quiet, loud], axis)
        convert(model, path, form="sequence", quantize="int8_full", sample=sample)
        np.testing.assert_allclose(outputs(path, x=loud), loud, rtol=0.05)
        np.testing.assert_allclose(outputs(path, x=quiet), quiet, atol=0.05)


def test_one_number_a_sequence_is_given_an_axis_as_the_refusal_says(tmp_path):
    x, gain = keras.Input((8, 4), name="x"), keras.Input((), name="gain")
    h = layers.LSTM(5, return_sequences=True)(x)
    model = keras.Model([x, gain], h * keras.ops.reshape(gain, (-1, 1, 1)))
    with pytest.raises(ConversionError, match=r"`gain` of shape \(None,\)\. .*n\[:, 0\]"):
        convert(model, tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())
    n, x = keras.Input((1,), dtype="float32"), keras.Input((8, 4))
    convert(keras.Model([x, n], model([x, n[:, 0]])), tmp_path / "m.tflite")
