"""Files that tf_keras, which is Keras 2, saves: the outputs must be those that tf_keras gives."""

import warnings

import h5py
import keras
import numpy as np
import pytest

from lrkeras import legacy_h5, load_legacy_h5, load_model

pytestmark = pytest.mark.sampled

tf_keras = pytest.importorskip("tf_keras")
tf = pytest.importorskip("tensorflow")
L = tf_keras.layers


def randomised(model):
    """Gives every weight a value of its own: zeros and ones would hide an exchange."""
    generator = np.random.default_rng(3)
    for weight in model.weights:
        value = generator.normal(0, 0.5, weight.shape)
        weight.assign(np.abs(value) + 0.1 if "variance" in weight.name else value)
    return model


def saved(model, path):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="You are saving your model as an HDF5 file")
        model.save(path)
    return path


def inputs_of(model):
    generator = np.random.default_rng(4)
    arrays = []
    for tensor in model.inputs:
        shape = [size or (2 if axis == 0 else 4) for axis, size in enumerate(tensor.shape)]
        whole = tensor.dtype.is_integer or tensor.name.startswith("ids")
        draw = generator.integers(0, 9, shape) if whole else generator.normal(size=shape)
        arrays.append(draw.astype("int32" if whole else "float32"))
    return arrays if len(arrays) > 1 else arrays[0]


def flat(outputs):
    return [np.asarray(output) for output in keras.tree.flatten(outputs)]


def recurrent(layer):
    return lambda: tf_keras.Sequential([L.Input((None, 4)), layer()])


def everyday_layers():
    return tf_keras.Sequential(
        [
            L.Embedding(9, 5, input_shape=(4,), name="ids"),
            L.SpatialDropout1D(0.2),
            L.Bidirectional(L.LSTM(3, return_sequences=True, dropout=0.1)),
            L.BatchNormalization(),
            L.TimeDistributed(L.Dense(4, activation="relu", kernel_regularizer="l2")),
            L.GRU(3, return_sequences=True, kernel_constraint="max_norm"),
            L.Dropout(0.5),
            L.Conv1D(4, 2, padding="causal"),
            L.LeakyReLU(0.2),
            L.Flatten(),
            L.Dense(3),
            L.Activation("hard_sigmoid"),
            L.Dense(2, activation="softmax"),
        ]
    )


def masking():
    ids = L.Input((4,), name="ids")  # of 0 to 8, and 0 is masked
    x = L.LSTM(3, return_sequences=True)(L.Embedding(9, 4, mask_zero=True)(ids))
    return tf_keras.Model(ids, [L.Bidirectional(L.GRU(2))(x), L.SimpleRNN(2)(L.Masking(0.0)(x))])


def two_inputs():
    ids, features = L.Input((4,), name="ids", dtype="int32"), L.Input((4,))
    words = L.LSTM(3)(L.Embedding(9, 5)(ids))
    joined = L.Concatenate()([words, L.Dense(3, activation="tanh")(features)])
    return tf_keras.Model([ids, features], [L.Dense(2)(joined), L.Add()([joined, joined])])


def encoder_decoder():
    source, target = L.Input((None, 4)), L.Input((None, 3))
    _, h, c = L.LSTM(5, return_state=True)(source)
    decoded = L.LSTM(5, return_sequences=True, name="decoder")(target, initial_state=[h, c])
    h, c = L.GRU(5)(decoded, initial_state=h), L.SimpleRNN(5)(decoded, initial_state=[c])
    return tf_keras.Model([source, target], [decoded, h, c])


def bidirectional_states():
    x = L.Input((None, 4))
    y, *states = L.Bidirectional(L.LSTM(3, return_state=True, return_sequences=True))(x)
    y = L.Bidirectional(L.LSTM(3), merge_mode="sum")(y, initial_state=states)
    return tf_keras.Model(x, y)


def shared_models():
    x, y = L.Input((None, 4)), L.Input((None, 4))
    inside = L.Input((None, 4))
    functional = tf_keras.Model(inside, L.GRU(3)(inside))
    sequential = tf_keras.Sequential([L.LSTM(3, input_shape=(None, 4)), L.Dense(3)])
    a, b = functional(y), functional(x)
    c, d = sequential(x), sequential(y)
    return tf_keras.Model([x, y], [a, L.Subtract()([b, c]), L.Subtract()([a, d]), b, d])


def partly_frozen_model():
    frozen = L.Dense(4)
    frozen.trainable = False
    inner = tf_keras.Sequential(
        [L.Dense(4, input_shape=(4,)), L.BatchNormalization(), frozen, L.BatchNormalization()]
    )
    return tf_keras.Sequential([L.TimeDistributed(inner, input_shape=(4, 4)), L.LSTM(3)])


def sequential_in_sequential():
    inner = tf_keras.Sequential([L.LSTM(3, input_shape=(4, 4)), L.Dense(2)])
    return tf_keras.Sequential([inner, L.Dense(3)])


def built_by_its_first_call():
    model = tf_keras.Sequential([L.LSTM(3, return_sequences=True), L.Dense(2)])
    model(np.zeros((2, 4, 4), "float32"))
    return model


def names_with_a_slash():
    x = L.Input((4, 4), name="x")
    h = L.LSTM(3, name="block/lstm")(x)
    return tf_keras.Model(x, L.Dense(2, name="block/out")(h))


def attention():
    x = L.Input((4, 4))
    h = L.LSTM(4, return_sequences=True)(x)
    h = L.Add()([h, L.MultiHeadAttention(2, 3)(h, h)])
    return tf_keras.Model(x, [L.LayerNormalization()(h), L.Attention()([h, x])])


def tensorflow_functions():
    """Every kind of call: tensors first or second, in lists, constants, shapes and slices."""
    x, z = L.Input((4, 4), name="x"), L.Input((4, 4), name="z")
    h = L.LSTM(4, return_sequences=True)(x)
    size = tf.shape(h)
    outputs = [
        *(h[:, -1], h[:, ::2, 1:3], h[:, None]),
        *(h + z, 1.0 - h, h / 2.0, -h, h**2, h * z > 0.1),
        *(tf.reduce_mean(h, axis=1), tf.reduce_max(h, [1], keepdims=True), tf.reduce_sum(h, -1)),
        *(tf.concat([h, z], -1), tf.stack([h, z], axis=1), tf.unstack(h, axis=1)[2]),
        *(tf.split(h, 2, axis=-1)[1], tf.split(h, [1, 3], -1)[0], tf.add_n([h, z, z])),
        *(tf.transpose(h, [0, 2, 1]), tf.reshape(h, [-1, 16]), tf.reshape(h, [size[0], 2, 8])),
        *(tf.expand_dims(h, 1), tf.squeeze(tf.expand_dims(h, -1), -1), tf.reverse(h, [1])),
        *(tf.matmul(h, z, transpose_b=True), tf.linalg.matmul(h, z, transpose_a=True)),
        *(tf.nn.softmax(h, axis=1), tf.sigmoid(h), tf.nn.relu(h), tf.nn.leaky_relu(h, 0.1)),
        *(tf.clip_by_value(h, 0.0, 0.1), tf.where(h > 0, h, z), tf.tile(h, [1, 2, 1])),
        *(tf.gather(h, [0, 2], axis=1), tf.pad(h, [[0, 0], [1, 1], [0, 0]]), tf.norm(h, axis=-1)),
        *(tf.math.l2_normalize(h, axis=-1), tf.one_hot(tf.argmax(h, axis=-1), 4), tf.abs(h)),
        *(tf.repeat(h, 2, axis=1), tf.cast(h, "float32"), tf_keras.backend.mean(h, axis=1)),
    ]
    return tf_keras.Model([x, z], outputs)


MODELS = {
    "attention": attention,
    "functions": tensorflow_functions,
    "lstm": recurrent(lambda: L.LSTM(3)),
    "lstm, no bias": recurrent(lambda: L.LSTM(3, use_bias=False, activation="relu")),
    "lstm, hard": recurrent(lambda: L.LSTM(3, recurrent_activation="hard_sigmoid")),
    "lstm, back": recurrent(lambda: L.LSTM(3, go_backwards=True, return_sequences=True)),
    "gru, after": recurrent(lambda: L.GRU(3, reset_after=True)),
    "gru, before": recurrent(lambda: L.GRU(3, reset_after=False)),
    "gru, hard": recurrent(
        lambda: L.GRU(3, reset_after=False, recurrent_activation="hard_sigmoid")
    ),
    "simple rnn": recurrent(lambda: L.SimpleRNN(3)),
    "bidirectional": recurrent(
        lambda: L.Bidirectional(
            L.LSTM(3, recurrent_activation="hard_sigmoid"),
            backward_layer=L.GRU(3, go_backwards=True, reset_after=False),
            merge_mode="mul",
        )
    ),
    "cells": recurrent(lambda: L.RNN([L.LSTMCell(3), L.GRUCell(4)], return_sequences=True)),
    "one cell": recurrent(lambda: L.RNN(L.SimpleRNNCell(3, activation="hard_sigmoid"))),
    "stateful": lambda: tf_keras.Sequential(
        [L.LSTM(3, stateful=True, batch_input_shape=(2, 4, 4))]
    ),
    "everyday": everyday_layers,
    "masking": masking,
    "two inputs": two_inputs,
    "encoder-decoder": encoder_decoder,
    "bidirectional states": bidirectional_states,
    "shared": shared_models,
    "frozen": partly_frozen_model,
    "nested": sequential_in_sequential,
    "late": built_by_its_first_call,
    "slash": names_with_a_slash,
}


@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_those_of_keras_2(name, tmp_path):
    peer = randomised(MODELS[name]())
    x = inputs_of(peer)
    expected = flat(peer(x))
    for file in ("m.h5", "m.keras"):
        model = load_model(saved(peer, tmp_path / file))
        assert not model.compiled
        for ours, theirs in zip(flat(model(x)), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["bidirectional", "functions", "nested"])
def test_a_saved_model_folder(name, tmp_path):
    peer = randomised(MODELS[name]())
    x = inputs_of(peer)
    peer.save(tmp_path / "folder", save_format="tf")
    for ours, theirs in zip(flat(load_model(tmp_path / "folder")(x)), flat(peer(x)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["lstm, hard", "bidirectional", "one cell", "shared"])
def test_the_model_goes_on_as_a_keras_file(name, tmp_path):
    peer = randomised(MODELS[name]())
    x = inputs_of(peer)
    model = load_legacy_h5(saved(peer, tmp_path / "m.h5"))
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    for other in (again, clone):
        for ours, theirs in zip(flat(other(x)), flat(peer(x)), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


def test_hard_sigmoid_of_keras_3_would_be_another_function(tmp_path):
    """The test above would not see the difference if it were below its tolerance."""
    peer = randomised(MODELS["lstm, hard"]())
    model = load_legacy_h5(saved(peer, tmp_path / "m.h5"))
    x = inputs_of(peer)
    right = np.asarray(model(x))
    model.layers[0].cell.recurrent_activation = keras.activations.hard_sigmoid
    assert np.abs(np.asarray(model(x)) - right).max() > 0.01


def test_hard_sigmoid_by_hand():
    function = legacy_h5.hard_sigmoid
    assert keras.saving.get_registered_object("lrkeras>legacy_hard_sigmoid") is function
    x = np.array([-3.0, -2.5, -1.0, 0.0, 1.0, 2.5, 3.0], "float32")
    np.testing.assert_allclose(function(x), [0, 0, 0.3, 0.5, 0.7, 1, 1], atol=1e-7)


def test_weights_only_by_name(tmp_path):
    peer = randomised(two_inputs())
    peer.save_weights(tmp_path / "w.h5")
    x = inputs_of(peer)
    model = load_legacy_h5(saved(peer, tmp_path / "m.h5"))
    for weight in model.weights:
        weight.assign(np.zeros(weight.shape))
    load_legacy_h5(tmp_path / "w.h5", model)
    for ours, theirs in zip(flat(model(x)), flat(peer(x)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


def test_weights_only_with_the_old_hard_sigmoid(tmp_path):
    peer = randomised(MODELS["lstm, hard"]())
    peer.save_weights(tmp_path / "w.h5")
    name, function = peer.layers[0].name, legacy_h5.hard_sigmoid
    lstm = keras.layers.LSTM(3, recurrent_activation=function, name=name)
    model = load_legacy_h5(tmp_path / "w.h5", keras.Sequential([keras.Input((None, 4)), lstm]))
    x = inputs_of(peer)
    np.testing.assert_allclose(np.asarray(model(x)), peer(x).numpy(), rtol=0, atol=1e-5)


def test_a_given_model_takes_the_place_of_the_configuration(tmp_path):
    peer = randomised(MODELS["lstm"]())
    path = saved(peer, tmp_path / "m.h5")
    lstm = keras.layers.LSTM(3, return_sequences=True, name=peer.layers[0].name)
    model = load_legacy_h5(path, keras.Sequential([keras.Input((None, 4)), lstm]))
    x = inputs_of(peer)
    np.testing.assert_allclose(np.asarray(model(x))[:, -1], peer(x).numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: L.GRU(3, reset_after=False),
        lambda: L.Bidirectional(L.GRU(3, reset_after=False)),
        lambda: L.RNN(L.GRUCell(3, reset_after=False)),
    ],
)
def test_gru_without_reset_after_is_the_old_one(layer, tmp_path):
    """The first releases of Keras 2 had no such argument; its default in Keras 3 is the other."""
    peer = randomised(recurrent(layer)())
    path = saved(peer, tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        config = file.attrs["model_config"]
        assert config.count('"reset_after": false') == 1
        file.attrs["model_config"] = config.replace(', "reset_after": false', "")
    model = load_legacy_h5(path)
    x = inputs_of(peer)
    np.testing.assert_allclose(np.asarray(model(x)), peer(x).numpy(), rtol=0, atol=1e-5)


def test_mixed_precision_stays(tmp_path):
    peer = tf_keras.Sequential([L.Input((4, 4)), L.LSTM(3, dtype="mixed_float16")])
    model = load_legacy_h5(saved(peer, tmp_path / "m.h5"))
    assert model.layers[0].dtype_policy.name == "mixed_float16"


def test_hdf5_file_of_keras_3_keeps_the_hard_sigmoid_of_keras_3(tmp_path):
    inputs = keras.Input((None, 4))
    lstm = keras.layers.LSTM(3, recurrent_activation="hard_sigmoid")
    model = keras.Model(inputs, keras.layers.Bidirectional(lstm)(inputs))
    randomised(model)
    model.save(tmp_path / "m.h5")
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
    loaded = load_legacy_h5(tmp_path / "m.h5")
    np.testing.assert_allclose(np.asarray(loaded(x)), np.asarray(model(x)), rtol=0, atol=1e-6)
