import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import layers, structures


def test_without_a_structure_it_is_keras_dense():
    ours, theirs = layers.Dense(4), keras.layers.Dense(4)
    x = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(ours(x)), ops.convert_to_numpy(theirs(x)))


def test_structured_product_bias_and_activation():
    layer = layers.Dense(12, activation="relu", kernel_structure=structures.Kronecker())
    x = np.random.default_rng(0).normal(size=(2, 3, 10)).astype("float32")
    layer.build(x.shape)
    layer.bias.assign(np.linspace(-1, 1, 12))
    expected = x @ ops.convert_to_numpy(layer.kernel) + np.linspace(-1, 1, 12)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), np.maximum(expected, 0), atol=1e-6)
    assert layer.count_params() == layer.kernel_structure.num_params + 12


def test_regularizer_sees_the_whole_kernel():
    layer = layers.Dense(4, kernel_structure="low_rank", kernel_regularizer="l2")
    layer(np.ones((1, 6), "float32"))
    expected = 0.01 * np.sum(ops.convert_to_numpy(layer.kernel) ** 2)
    assert float(ops.convert_to_numpy(layer.losses[0])) == pytest.approx(expected, rel=1e-5)


def test_lora_is_refused_where_no_matrix_is_stored_whole():
    with pytest.raises(ValueError, match="LoRA adds factors"):
        layers.Dense(4, kernel_structure="low_rank", lora_rank=2)
    layer = layers.Dense(4, kernel_structure="low_rank")
    layer(np.ones((1, 6), "float32"))
    with pytest.raises(ValueError, match="leave `kernel_structure` out"):
        layer.enable_lora(2)
    layer = layers.Dense(4)
    layer(np.ones((1, 6), "float32"))
    layer.enable_lora(2)
    assert layer.lora_enabled


def test_constraint_is_refused():
    with pytest.raises(ValueError, match="never stored whole"):
        layers.Dense(4, kernel_structure="low_rank", kernel_constraint="non_neg")


def test_config_round_trip_of_both_kinds():
    for spec in (None, structures.LowRank(rank=2)):
        layer = layers.Dense(4, kernel_structure=spec, activation="tanh")
        again = layers.Dense.from_config(layer.get_config())
        again.build((None, 6))
        layer.build((None, 6))
        assert again.count_params() == layer.count_params()
