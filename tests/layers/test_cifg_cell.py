import keras
import numpy as np
import pytest

from lrkeras import layers


def numbers(x):
    return np.asarray(keras.ops.convert_to_numpy(x), np.float64)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_steps_follow_the_equations():
    """f = 1 - i, gates in the order i, c, o, and a projected state."""
    keras.utils.set_random_seed(0)
    cell = layers.CIFGCell(units=5, projection_units=3)
    layer = keras.layers.RNN(cell, return_sequences=True)
    x = np.random.default_rng(0).normal(size=(2, 4, 6))
    result = numbers(layer(x.astype("float32")))
    cell.bias.assign(np.linspace(-1, 1, 15))
    assert not np.allclose(result, numbers(layer(x.astype("float32")))), "the bias counts"
    w, u, b, p = (
        numbers(v) for v in (cell.kernel, cell.recurrent_kernel, cell.bias, cell.projection_kernel)
    )
    h, c, expected = np.zeros((2, 3)), np.zeros((2, 5)), []
    for step in range(4):
        i, candidate, o = np.split(x[:, step] @ w + h @ u + b, 3, axis=1)
        c = (1 - sigmoid(i)) * c + sigmoid(i) * np.tanh(candidate)
        h = (sigmoid(o) * np.tanh(c)) @ p
        expected.append(h)
    np.testing.assert_allclose(
        numbers(layer(x.astype("float32"))), np.stack(expected, axis=1), atol=1e-6
    )


def test_saves_and_loads_bit_exactly(tmp_path):
    cell = layers.CIFGCell(units=5, projection_units=3)
    model = keras.Sequential([keras.Input((4, 6)), keras.layers.RNN(cell)])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(2, 4, 6))
    np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))
    assert keras.saving.get_registered_name(layers.CIFGCell) == "lrkeras>CIFGCell"


def test_regularizers_are_refused_not_dropped():
    with pytest.raises((TypeError, ValueError), match="kernel_regularizer"):
        layers.CIFGCell(5, 3, kernel_regularizer="l2")
