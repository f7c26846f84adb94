"""Whole padded sequences through layers that find the masks on what they read."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from lrkeras import convert
from lrkeras.export import StepRunner
from lrkeras.export.runtime.interpreters import open_interpreter

pytestmark = [
    pytest.mark.sampled,
    # Keras says of a model inside of a model that it loses masks, and hands them on.
    pytest.mark.filterwarnings("ignore:.*was passed an input with a mask:UserWarning"),
]

WORDS, LENGTH = 30, 10


def attention(x):
    hidden = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
    hidden = layers.Dropout(0.1)(hidden)
    return layers.GlobalAveragePooling1D()(layers.AdditiveAttention()([hidden, hidden]))


def attention_of_padding(x):
    hidden = layers.LSTM(12, return_sequences=True)(x)
    return layers.Concatenate()([hidden, layers.Attention()([hidden, hidden])])


def heads(x):
    return layers.MultiHeadAttention(2, 6)(layers.LSTM(12, return_sequences=True)(x), x)


def heads_by_name(x):
    """Keras's heads take the mask off what they read, in `x` for those that read it later too."""
    attended = layers.MultiHeadAttention(2, 6)(query=x, value=x)
    return layers.LSTM(5)(layers.LayerNormalization()(layers.Add()([x, attended])))


def side_by_side(x):
    hidden = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
    return layers.GRU(5)(layers.Concatenate()([x, hidden]))


def both_ways_apart(x):
    both = layers.LSTM(6, return_sequences=True)
    forward, backward = layers.Bidirectional(both, merge_mode=None)(x)
    return layers.GRU(5)(layers.Concatenate()([backward, forward]))


def states_of_both_ways(x):
    both = layers.LSTM(6, return_sequences=True, return_state=True)
    hidden, *states = layers.Bidirectional(both)(x)
    return layers.Concatenate()([layers.GRU(5)(hidden), *states])


def inside_of_a_model(x):
    hidden = [layers.LSTM(6, return_sequences=True), layers.GlobalAveragePooling1D()]
    return keras.Sequential([keras.Input((LENGTH, 12)), *hidden])(x)


def inside_of_time_steps(x):
    return layers.LSTM(4)(layers.TimeDistributed(layers.Dense(4))(x))


def model_of(body, table=layers.Embedding):
    keras.utils.set_random_seed(0)
    ids = keras.Input((LENGTH,), dtype="int32", name="ids")
    model = keras.Model(ids, layers.Dense(5)(body(table(WORDS, 12, mask_zero=True)(ids))))
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:  # attention of fresh weights is all but even
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    return model


def windows():
    """One with padding and one without."""
    full = np.random.default_rng(0).integers(1, WORDS, (1, LENGTH)).astype("int32")
    return np.where(np.arange(LENGTH) < 6, full, 0).astype("int32"), full


@pytest.mark.parametrize("table", [layers.Embedding, layers.ReversibleEmbedding])
@pytest.mark.parametrize(
    "body",
    [
        attention,
        attention_of_padding,
        heads,
        heads_by_name,
        side_by_side,
        both_ways_apart,
        states_of_both_ways,
        inside_of_a_model,
        inside_of_time_steps,
    ],
)
def test_padding_is_hidden_where_keras_hides_it(body, table, tmp_path):
    model, (padded, full) = model_of(body, table), windows()
    expected = [ops.convert_to_numpy(model(x)) for x in (padded, full)]
    assert np.abs(expected[0] - expected[1]).max() > 1e-2
    convert(model, tmp_path / "file.tflite", form="sequence", sample=np.concatenate([padded, full]))
    run = open_interpreter(tmp_path / "file.tflite").get_signature_runner("sequence")
    for x, wanted in zip((padded, full), expected, strict=True):
        (found,) = run(ids=x).values()
        np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_a_model_inside_of_the_model_gets_the_mask_in_every_form(tmp_path):
    def body(x):
        both = [layers.LSTM(6, return_sequences=True), layers.GRU(4)]
        return keras.Sequential([keras.Input((LENGTH, 12)), *both])(x)

    model = model_of(body)
    padded, _ = windows()
    expected = ops.convert_to_numpy(model(padded))
    for form in ("step", "chunk_5"):
        convert(model, tmp_path / f"{form}.tflite", form=form)
        found = StepRunner(tmp_path / f"{form}.tflite").run(padded)[:, -1]
        np.testing.assert_allclose(found, expected, atol=1e-5)
