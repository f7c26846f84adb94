"""Taking out units that are zero."""

import keras
import numpy as np
import pytest
from keras import ops

import lrkeras

L = keras.layers


@pytest.fixture
def model():
    """An LSTM with units 1 and 4 of 6 at zero, in and out, and momentum-free weights otherwise."""
    made = keras.Sequential(
        [keras.Input((5, 3)), L.LSTM(6, name="one"), L.BatchNormalization(), L.Dense(2)]
    )
    rng = np.random.default_rng(0)
    for weight in made.weights:
        weight.assign(1 + rng.random(weight.shape))
    gone = [1, 4]
    norm = made.layers[1]
    for weight in (norm.gamma, norm.beta):
        value = ops.convert_to_numpy(weight).copy()
        value[gone] = 0
        weight.assign(value)
    kernel, recurrent, bias = (ops.convert_to_numpy(w).copy() for w in made.layers[0].weights)
    for value in (kernel, recurrent, bias):
        value.reshape(*value.shape[:-1], 4, 6)[..., gone] = 0
    recurrent[gone] = 0
    made.layers[0].set_weights([kernel, recurrent, bias])
    out = ops.convert_to_numpy(made.layers[2].kernel).copy()
    out[gone] = 0
    made.layers[2].kernel.assign(out)
    made.compile("adam", "mse")
    return made


@pytest.fixture
def inputs():
    return np.random.default_rng(1).normal(size=(8, 5, 3)).astype("float32")


def test_the_outputs_are_the_same(model, inputs):
    small = lrkeras.shrink(model)
    assert small.get_layer("one").units == 4
    assert small.count_params() == 4 * (3 + 4 + 1) * 4 + 4 * 4 + 4 * 2 + 2
    assert isinstance(small.optimizer, keras.optimizers.Adam)
    np.testing.assert_allclose(
        ops.convert_to_numpy(small(inputs)), ops.convert_to_numpy(model(inputs)), rtol=2e-6
    )


def test_a_unit_with_one_number_left_stays(model):
    bias = ops.convert_to_numpy(model.layers[0].cell.bias).copy()
    bias[1] = 1e-30
    model.layers[0].cell.bias.assign(bias)
    assert lrkeras.shrink(model).get_layer("one").units == 5


def test_nothing_to_take_out(model):
    small = lrkeras.shrink(model)
    with pytest.raises(ValueError, match=r"No unit of `.*` is zero.*UnitPruning"):
        lrkeras.shrink(small)


def test_a_layer_that_is_zero_keeps_a_unit(inputs):
    made = keras.Sequential([keras.Input((5, 3)), L.GRU(4, name="one"), L.Dense(2)])
    for weight in made.weights[:-1]:
        weight.assign(np.zeros(weight.shape))
    small = lrkeras.shrink(made)
    assert small.get_layer("one").units == 1
    np.testing.assert_array_equal(ops.convert_to_numpy(small(inputs)), np.zeros((8, 2)))


def test_directions_that_lost_different_numbers_keep_the_larger(inputs):
    made = keras.Sequential(
        [keras.Input((5, 3)), L.Bidirectional(L.SimpleRNN(4, name="rnn"), name="both"), L.Dense(2)]
    )
    kernel = ops.convert_to_numpy(made.layers[1].kernel).copy()
    for layer, gone, offset in zip(
        (made.layers[0].forward_layer, made.layers[0].backward_layer),
        ([0], [1, 2]),
        (0, 4),
        strict=True,
    ):
        values = [ops.convert_to_numpy(w).copy() for w in layer.weights]
        for value in values:
            value[..., gone] = 0
        values[1][gone] = 0
        layer.set_weights(values)
        kernel[[offset + g for g in gone]] = 0
    made.layers[1].kernel.assign(kernel)
    small = lrkeras.shrink(made)
    assert small.layers[0].forward_layer.units == small.layers[0].backward_layer.units == 3
    np.testing.assert_allclose(
        ops.convert_to_numpy(small(inputs)), ops.convert_to_numpy(made(inputs)), atol=1e-6
    )
