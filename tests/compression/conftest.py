"""Models to compress."""

import keras
import numpy as np
import pytest

L = keras.layers


def randomised(model, seed=0):
    """Weights of a size that makes every layer count, biases too."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "float" in str(weight.dtype):
            value = rng.normal(size=weight.shape) / np.sqrt(weight.shape[0])
            weight.assign(1 + value**2 if "variance" in weight.name else value)
    return model


@pytest.fixture
def every_kind():
    """A model with every layer that has a matrix, in and out of wrappers; tokens in."""
    tokens = keras.Input((6,), dtype="int32", name="tokens")
    x = L.Embedding(60, 24, name="embedding")(tokens)
    x = L.LSTM(32, return_sequences=True, name="lstm")(x)
    bidirectional = L.Bidirectional(L.GRU(16, return_sequences=True, name="gru"), name="both")
    x = bidirectional(x)
    x = L.SimpleRNN(32, return_sequences=True, name="simple")(x)
    x = L.RNN(L.LSTMCell(32, name="cell"), return_sequences=True, name="rnn")(x)
    x = L.TimeDistributed(L.Dense(30, name="inner"), name="each")(x)
    x = L.BatchNormalization(name="norm")(x)
    x = L.EinsumDense("abc,cd->abd", (None, 24), bias_axes="d", name="einsum")(x)
    y = L.Dense(40, activation="softmax", name="out")(x)
    return randomised(keras.Model(tokens, y, name="every"))


@pytest.fixture
def stack():
    """Two LSTMs and a dense layer, of numbers; compiled."""
    model = keras.Sequential(
        [
            keras.Input((7, 20)),
            L.LSTM(32, return_sequences=True, name="lstm_1"),
            L.Dropout(0.1),
            L.LSTM(24, return_sequences=True, name="lstm_2"),
            L.Dense(28, name="dense"),
        ],
        name="stack",
    )
    model.compile("adam", "mse")
    return randomised(model)


@pytest.fixture
def sequences():
    return np.random.default_rng(1).normal(size=(16, 7, 20)).astype("float32")


@pytest.fixture
def tokens():
    return np.random.default_rng(1).integers(0, 60, (16, 6))
