"""Attention over the steps so far in steps and chunks, run like an app would, against Keras."""

import keras
import numpy as np
import pytest
from keras import layers

from lrkeras.export import ConversionError, StepRunner, convert

pytestmark = pytest.mark.sampled

RNG = np.random.default_rng(0)
STEPS = 6


def randomised(model):
    for weight in model.trainable_weights:
        weight.assign(RNG.normal(size=weight.shape) * 0.6)
    return model


def numbers(*shape):
    return RNG.normal(size=shape).astype("float32")


def additive(x):
    return layers.AdditiveAttention()([x, x], use_causal_mask=True)


def concat(x):
    attention = layers.Attention(use_scale=True, score_mode="concat")
    return attention([layers.Dense(5)(x), x, layers.Dense(5)(x)], use_causal_mask=True)


def heads(x, **options):
    attention = layers.MultiHeadAttention(2, key_dim=3, value_dim=4, dropout=0.1, **options)
    return attention(x, value=layers.Dense(3)(x), key=x, use_causal_mask=True)


def few(x):
    return heads(x, sliding_window=3, use_gate=True)


def grouped(x):
    return layers.GroupQueryAttention(3, 4, 2)(x, x, use_causal_mask=True)


@pytest.mark.parametrize(
    ("attend", "form"),
    [(additive, "chunk_4"), (concat, "step"), (heads, "chunk_4"), (few, "step"), (grouped, "step")],
)
def test_each_step_reads_the_window_that_ends_with_it(attend, form, tmp_path):
    """From zeros, as Keras does in the first steps of a sequence; then over the last six."""
    if attend is few and "sliding_window" not in layers.MultiHeadAttention(1, 1).get_config():
        pytest.skip("this version of Keras has no sliding windows")
    x = keras.Input((STEPS, 4), name="x")
    model, path = randomised(keras.Model(x, attend(x))), tmp_path / "m.tflite"
    convert(model, path, form=form)
    x = numbers(1, 12, 4)
    windows = np.concatenate([x[:, end - STEPS : end] for end in range(STEPS, 13)])
    of_windows = model.predict(windows, verbose=0)
    expected = [*of_windows[0], *of_windows[1:, -1]]
    np.testing.assert_allclose(StepRunner(path).run(x)[0], expected, atol=1e-5)


def decoder(length=STEPS, causal=True):
    """A block of a small transformer before an LSTM."""
    x = keras.Input((length, 4), name="x")
    h = layers.Conv1D(4, 3, padding="same")(x)
    attention = layers.MultiHeadAttention(2, 3, name="attention")
    normal = layers.LayerNormalization()(h)
    h = layers.Add()([h, attention(normal, normal, use_causal_mask=causal)])
    normal = layers.LayerNormalization()(h)
    h = h + layers.Dense(4)(layers.Dense(8, activation="gelu")(normal))
    return randomised(keras.Model(x, layers.LSTM(4, return_sequences=True)(h)))


@pytest.mark.parametrize(
    ("quantize", "forms", "tolerance"),
    [(None, ["step", "chunk_2"], 1e-5), ("int8", ["step"], 0.1)],
)
def test_a_block_of_a_transformer_before_an_lstm(quantize, forms, tolerance, tmp_path):
    model, path = decoder(), tmp_path / "m.tflite"
    report = convert(model, path, forms=forms, quantize=quantize)
    assert report.states["attention_keys"] == (1, 2, STEPS - 1, 3)
    assert list(report.delays.values()) == [1]
    runner = StepRunner(path)
    for _ in range(2):  # zeros start a new sequence
        runner.reset()
        x = numbers(1, STEPS, 4)
        late = [runner.step(x[:, t : t + 1])[0, 0] for t in range(STEPS)]
        expected = model.predict(x, verbose=0)[0, :-1]
        np.testing.assert_allclose(late[1:], expected, atol=tolerance)


def masked():
    ids = keras.Input((STEPS,), dtype="int32", name="x")
    h = layers.Embedding(9, 4, mask_zero=True)(ids)
    attention = layers.MultiHeadAttention(2, 3, name="a")
    return keras.Model(ids, layers.GRU(4)(attention(h, h, use_causal_mask=True)))


def last():
    x = keras.Input((STEPS, 4), name="x")
    h, *state = layers.GRU(4, return_sequences=True, return_state=True)(x)
    query = layers.Reshape((1, 4))(state[0])
    return keras.Model(x, layers.Attention(name="a")([query, h]))


def scores():
    x = keras.Input((STEPS, 4), name="x")
    attention = layers.MultiHeadAttention(2, 3, name="a")
    y, _ = attention(x, x, use_causal_mask=True, return_attention_scores=True)
    return keras.Model(x, layers.GRU(4)(y))


REFUSED = {
    "later": (lambda: decoder(causal=False), "use_causal_mask=True"),
    "open": (lambda: decoder(None), "window of fixed length.*steps="),
    "masked": (masked, "mask"),
    "last": (last, "of other steps"),
    "scores": (scores, "return_attention_scores=False"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_steps_is_refused_with_the_form_that_works(name, tmp_path):
    make, reason = REFUSED[name]
    model, path = make(), tmp_path / "m.tflite"
    with pytest.raises(ConversionError, match=f"(?s){reason}") as refused:
        convert(model, path)
    assert "form='sequence'" in str(refused.value) and not path.exists()
    convert(model, path, form="sequence", steps=STEPS)
