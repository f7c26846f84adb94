"""Layers around the recurrent ones in steps and chunks, run like an app would, against Keras."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from lrkeras.export import ConversionError, StepRunner, convert

pytestmark = pytest.mark.sampled

RNG = np.random.default_rng(0)


def stack(shape, *inside):
    return keras.Sequential([keras.Input(shape, name="x"), *inside])


def lstm(units=4, **options):
    return layers.LSTM(units, return_sequences=True, **options)


def random(model):
    for weight in model.trainable_weights:
        weight.assign(RNG.normal(size=weight.shape) * 0.4)
    return model


def stepped(path, x, **vectors):
    """Outputs of single steps, in a row."""
    runner = StepRunner(path)
    return np.stack(
        [np.asarray(runner.step({"x": x[:, t : t + 1], **vectors}))[0] for t in range(x.shape[1])]
    )


def residual():
    x = keras.Input((None, 4), name="x")
    near = layers.Conv1D(4, 3, padding="same", name="near")(x)
    wide = layers.Conv1D(4, 5, padding="same", dilation_rate=2, name="wide")(near)
    return keras.Model(x, lstm()(layers.Concatenate()([x, near, wide])))


LOOKING_AHEAD = {
    "one": (lambda: stack((None, 4), layers.Conv1D(3, 5, padding="same"), lstm()), 2),
    "valid": (lambda: stack((None, 4), layers.Conv1D(3, 4), layers.Dense(3), lstm()), 3),
    "branches": (residual, 5),
}


@pytest.mark.parametrize("form", ["step", "chunk_4"])
@pytest.mark.parametrize("name", LOOKING_AHEAD)
def test_look_ahead_delays_the_output(name, form, tmp_path):
    make, delay = LOOKING_AHEAD[name]
    model, path = random(make()), tmp_path / "m.tflite"
    report = convert(model, path, form=form)
    assert list(report.delays.values()) == [delay]
    x = RNG.normal(size=(1, 24, 4)).astype("float32")
    runner = StepRunner(path)
    assert list(runner.metadata["delays"].values()) == [delay]
    expected = model.predict(x, verbose=0)[:, : 24 - delay]
    np.testing.assert_allclose(runner.run(x)[:, delay:], expected, atol=1e-5)


def test_strides_and_pooling_take_chunks(tmp_path):
    model = random(
        stack(
            (None, 4),
            layers.Conv1D(5, 5, strides=2, padding="causal"),
            layers.MaxPooling1D(2),
            lstm(),
        )
    )
    path = tmp_path / "m.tflite"
    with pytest.raises(ConversionError, match="form='chunk_4'"):
        convert(model, path, form="step")
    with pytest.raises(ConversionError, match="form='chunk_4'"):
        convert(model, path, form="chunk_6")
    assert not path.exists()
    convert(model, path, form="chunk_4")
    x = RNG.normal(size=(1, 16, 4)).astype("float32")
    actual = StepRunner(path).run(x)
    np.testing.assert_allclose(actual, model.predict(x, verbose=0), atol=1e-5)


OTHER_LENGTHS = {
    "cropped": (lambda: stack((8, 4), lstm(), layers.Cropping1D((2, 1)), lstm()), "step", 3),
    "padded": (
        lambda: stack((8, 4), lstm(), layers.ZeroPadding1D((2, 1)), layers.Conv1D(3, 4), lstm()),
        "step",
        1,
    ),
    "repeated": (
        lambda: stack((8, 4), layers.Conv1D(3, 3, padding="same"), layers.UpSampling1D(2), lstm()),
        "step",
        2,
    ),
    "pooled": (
        lambda: stack((8, 4), layers.MaxPooling1D(2), lstm(), layers.UpSampling1D(4), lstm()),
        "chunk_4",
        0,
    ),
}


@pytest.mark.parametrize("name", OTHER_LENGTHS)
def test_cropped_padded_and_repeated_steps(name, tmp_path):
    make, form, delay = OTHER_LENGTHS[name]
    model, path = random(make()), tmp_path / "m.tflite"
    report = convert(model, path, form=form)
    assert list(report.delays.values()) == [delay] * (delay > 0)
    x = RNG.normal(size=(1, 8, 4)).astype("float32")
    actual, expected = StepRunner(path).run(x)[:, delay:], model.predict(x, verbose=0)
    assert expected.shape[1] == {"cropped": 5, "padded": 8}.get(name, 16)
    np.testing.assert_allclose(actual, expected[:, : actual.shape[1]], atol=1e-5)


# With the layer that is named.
STEPS_OF_THEIR_OWN = {
    "late": (lambda: stack((6, 4), layers.Conv1D(3, 3, padding="same"), layers.GRU(3)), "gru"),
    "front": (lambda: stack((6, 4), lstm(), layers.ZeroPadding1D((2, 0))), "zero_padding1d"),
    "back": (lambda: stack((6, 4), layers.ZeroPadding1D((0, 2)), layers.GRU(3)), "gru"),
    "wide": (
        lambda: stack((6, 4), layers.ZeroPadding1D(2), layers.Conv1D(3, 4), layers.GRU(3)),
        "conv1d",
    ),
}


@pytest.mark.parametrize("name", STEPS_OF_THEIR_OWN)
def test_steps_that_a_stream_lacks_are_left_to_sequences(name, tmp_path):
    keras.utils.clear_session()
    make, layer = STEPS_OF_THEIR_OWN[name]
    with pytest.raises(ConversionError, match="form='sequence'"):
        convert(make(), tmp_path / "m.tflite")
    keras.utils.clear_session()
    report = convert(make(), tmp_path / "m.tflite", form="auto")
    assert (report.form, report.choice.layer) == ("sequence", layer)


def test_two_steps_of_three_are_no_steps(tmp_path):
    model = stack((6, 4), layers.MaxPooling1D(3), layers.UpSampling1D(2), layers.GRU(3))
    with pytest.raises(ConversionError, match=r"3 steps.*size=2\. Use form='sequence'"):
        convert(model, tmp_path / "m.tflite", form="chunk_3")
    convert(model, tmp_path / "m.tflite", form="sequence")


WINDOWS = {
    "last": lambda: keras.Model(x := keras.Input((6, 4), name="x"), lstm()(x)[:, -1, :]),
    "flatten": lambda: stack((6, 4), lstm(), layers.Flatten(), layers.Dense(2)),
    "mean": lambda: stack((6, 4), lstm(), layers.GlobalAveragePooling1D()),
    "max": lambda: stack((6, 4), layers.Conv1D(3, 3), lstm(), layers.GlobalMaxPooling1D()),
    "cut": lambda: stack((6, 4), lstm(), layers.Cropping1D((1, 2)), layers.GRU(3)),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_of_fixed_length_are_states(name, tmp_path):
    model = random(WINDOWS[name]())
    convert(model, tmp_path / "m.tflite")
    x = RNG.normal(size=(1, 6, 4)).astype("float32")
    actual = stepped(tmp_path / "m.tflite", x)[-1]
    np.testing.assert_allclose(actual, model.predict(x, verbose=0)[0], atol=1e-5)


def test_a_window_slides(tmp_path):
    """Without a recurrent layer, each step has what Keras has of the last four inputs."""
    model = random(stack((4, 3), layers.Dense(2), layers.Flatten(), layers.Dense(2)))
    convert(model, tmp_path / "m.tflite")
    x = RNG.normal(size=(1, 9, 3)).astype("float32")
    expected = [model.predict(x[:, t - 3 : t + 1], verbose=0)[0] for t in range(3, 9)]
    np.testing.assert_allclose(stepped(tmp_path / "m.tflite", x)[3:], expected, atol=1e-5)


@pytest.mark.parametrize("form", ["step", "chunk_3"])
def test_vectors_go_into_every_step(form, tmp_path):
    x, vector = keras.Input((6, 4), name="x"), keras.Input((3,), name="vector")
    spread = layers.RepeatVector(6)(layers.Dense(2)(vector))
    model = random(keras.Model([x, vector], lstm()(layers.Concatenate()([x, spread]))))
    report = convert(model, tmp_path / "m.tflite", form=form)
    assert report.inputs["vector"] == (1, 3)
    feed = {name: RNG.normal(size=s).astype("float32") for name, s in _SHAPES.items()}
    actual = StepRunner(tmp_path / "m.tflite").run(feed)
    np.testing.assert_allclose(actual, model.predict(feed, verbose=0), atol=1e-5)


_SHAPES = {"x": (1, 6, 4), "vector": (1, 3)}
FRAMES = {
    "frames": lambda: stack(
        (None, 6, 6, 1),
        layers.TimeDistributed(layers.Conv2D(2, 3)),
        layers.TimeDistributed(layers.MaxPooling2D()),
        layers.TimeDistributed(layers.Flatten()),
        lstm(),
    ),
    "model": lambda: stack(
        (None, 6, 6, 1),
        layers.TimeDistributed(stack((6, 6, 1), layers.Conv2D(2, 3), layers.Flatten())),
        lstm(),
    ),
    "convolutional": lambda: stack(
        (None, 6, 6, 1),
        layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True, name="c"),
        layers.ConvLSTM2D(2, 3),
    ),
    "reshape": lambda: stack((None, 6, 6, 1), layers.Reshape((-1, 36)), lstm()),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name, tmp_path):
    model = random(FRAMES[name]())
    report = convert(model, tmp_path / "m.tflite")
    if name == "convolutional":
        assert report.states["c_h"] == (1, 6, 6, 2)
    x = RNG.normal(size=(1, 5, 6, 6, 1)).astype("float32")
    expected = model.predict(x, verbose=0)
    actual = stepped(tmp_path / "m.tflite", x)
    # A step has a time axis of one, or none where the model gives the last result only.
    np.testing.assert_allclose(actual[-1].ravel(), _last(expected, name), atol=1e-5)


def _last(expected, name):
    return (expected if name == "convolutional" else expected[:, -1]).ravel()


def test_operations_by_their_axes(tmp_path):
    x = keras.Input((None, 4), name="x")
    left, right = ops.split(lstm(6)(x), 2, axis=-1)
    y = ops.concatenate([ops.clip(left, -0.2, 0.2), ops.log1p(ops.abs(right))], axis=-1)
    y = ops.mean(ops.stack([y, y * 2], axis=2), axis=2)
    y = y * ops.rsqrt(ops.mean(ops.square(y), axis=-1, keepdims=True) + 1e-3)
    y = ops.pad(ops.power(ops.abs(y[..., :4]), 1.5), ((0, 0), (0, 0), (1, 0)))
    y = y + RNG.normal(size=(1, 5)).astype("float32")  # the same at every step
    y = ops.squeeze(ops.transpose(ops.expand_dims(y, -1), (0, 1, 3, 2)), 2)
    model, path = random(keras.Model(x, ops.softmax(y))), tmp_path / "m.tflite"
    convert(model, path)
    x = RNG.normal(size=(1, 7, 4)).astype("float32")
    np.testing.assert_allclose(StepRunner(path).run(x), model.predict(x, verbose=0), atol=1e-5)


ALONG_TIME = {
    "mean": (lambda h: ops.mean(h, axis=1, keepdims=True) + h, "axis=.1. runs along time"),
    "flip": (lambda h: ops.flip(h, axis=-2), "axis=-2 runs along time"),
    "index": (lambda h: h[:, 0], "takes single steps out"),
    "transpose": (lambda h: ops.transpose(h, (0, 2, 1)), "moves the time axis"),
    "permute": (layers.Permute((2, 1)), "moves the time axis"),
    "pad": (lambda h: ops.pad(h, ((0, 0), (1, 0), (0, 0))), "pads the time axis"),
    "positions": (lambda h: h + np.ones((6, 1), "float32"), r"constants of shape \(6, 1\)"),
    "product": (lambda h: ops.matmul(h, ops.transpose(h, (0, 2, 1))), "moves the time axis"),
}


@pytest.mark.parametrize("name", ALONG_TIME)
def test_what_runs_along_time_is_refused_with_the_form_that_works(name, tmp_path):
    call, reason = ALONG_TIME[name]
    x = keras.Input((6, 4), name="x")
    model = keras.Model(x, call(lstm()(x)))
    with pytest.raises(ConversionError, match=f"{reason}.*form='sequence'"):
        convert(model, tmp_path / "m.tflite", form="step")
    convert(model, tmp_path / "m.tflite", form="sequence")
