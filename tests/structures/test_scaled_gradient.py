"""Factors whose gradients move their product as those of a whole matrix do."""

import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import layers, structures
from lrkeras.structures.scaled_gradient import with_scaled_gradients

if keras.config.backend() != "tensorflow":
    pytest.skip("gradients are taken with TensorFlow's tape", allow_module_level=True)

import tensorflow as tf

RNG = np.random.default_rng(0)
INPUTS, OUTPUTS, RANK = 30, 20, 6


def gradients(left, right, loss):
    left, right = tf.Variable(left, dtype="float64"), tf.Variable(right, dtype="float64")
    with tf.GradientTape() as tape:
        value = loss(*with_scaled_gradients(left, right))
    return [np.asarray(g) for g in tape.gradient(value, (left, right))]


def factors(spread=1.0):
    """Random factors whose singular values differ by a factor."""
    return [
        np.linalg.qr(RNG.normal(size=(rows, RANK)))[0] * np.geomspace(1, spread, RANK)
        for rows in (INPUTS, OUTPUTS)
    ]


def test_values_are_the_same_to_the_last_bit():
    left, right = (RNG.normal(size=s).astype("float32") for s in ((30, 6), (6, 20)))
    for before, after in zip((left, right), with_scaled_gradients(left, right), strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(after), before)


@pytest.mark.parametrize("spread", [1, 10, 1000])
def test_they_are_those_of_scaled_gradient_descent(spread):
    """Against NumPy in float64: `G R^T (R R^T + d)^-1` and `(L^T L + d)^-1 L^T G`."""
    left, right = factors(spread)
    right = right.T
    g = RNG.normal(size=(INPUTS, OUTPUTS))
    found = gradients(left, right, lambda a, b: tf.reduce_sum(tf.matmul(a, b) * g))

    def damped(gram):
        return gram + (0.1 * np.trace(gram) / RANK + 1e-6) * np.eye(RANK)

    expected = [
        g @ right.T @ np.linalg.inv(damped(right @ right.T)),
        np.linalg.inv(damped(left.T @ left)) @ left.T @ g,
    ]
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())


def test_a_step_moves_the_product_as_far_at_any_scale():
    """Plain gradients move it by as many times more as the factors are large squared."""
    moved = []
    g = RNG.normal(size=(INPUTS, OUTPUTS))
    left, right = factors()
    for scale in (0.1, 1, 10):
        a, b = scale * left, scale * right.T
        da, db = gradients(a, b, lambda x, y: tf.reduce_sum(tf.matmul(x, y) * g))
        moved.append(da @ b + a @ db)
    np.testing.assert_allclose(moved[0], moved[1], rtol=1e-3)
    np.testing.assert_allclose(moved[2], moved[1], rtol=1e-3)


def test_a_factor_of_zeros_gives_finite_gradients():
    found = gradients(
        RNG.normal(size=(INPUTS, RANK)),
        np.zeros((RANK, OUTPUTS)),
        lambda a, b: tf.reduce_sum(tf.square(tf.matmul(a, b) - 1)),
    )
    assert all(np.isfinite(g).all() for g in found)
    assert np.abs(found[1]).max() > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_factors_that_are_no_numbers_any_more_give_nan(bad):
    """Not an error of the backend, which knows no inverse of them."""
    left, right = factors()
    left[0, 0] = bad
    found = gradients(left, right.T, lambda a, b: tf.reduce_sum(tf.matmul(a, b)))
    assert all(np.isnan(g).any() for g in found)


def test_a_training_that_diverges_ends_with_a_loss_of_nan():
    keras.utils.set_random_seed(0)
    low_rank, hybrid = structures.LowRank(rank=2), structures.Hybrid(rank=2)
    model = keras.Sequential(
        [
            layers.LSTM(6, kernel_structure=low_rank, recurrent_structure=hybrid),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(1e30), "mse")
    x, y = RNG.normal(size=(64, 3, 5)), RNG.normal(size=(64, 1))
    nan = keras.callbacks.TerminateOnNaN()
    history = model.fit(x, y, batch_size=4, epochs=3, verbose=0, callbacks=[nan])
    assert np.isnan(history.history["loss"][-1])
    assert len(history.history["loss"]) < 3


@pytest.mark.parametrize("spec", [structures.LowRank(rank=12), structures.LowRank(rank=2)])
def test_low_rank_layers_have_them_in_training_alone(spec):
    """Formed once for the loop over time, and factor by factor."""
    keras.utils.set_random_seed(0)
    layer = layers.LSTM(16, kernel_structure=spec, recurrent_structure=spec, gate_layout="stacked")
    x = RNG.normal(size=(4, 5, 12)).astype("float32")
    outputs = [ops.convert_to_numpy(layer(x, training=training)) for training in (False, True)]
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-6)
    taken = []
    for training in (False, True):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(layer(x, training=training)))
        taken.append(tape.gradient(loss, layer.trainable_variables))
    factors_first = [
        number for number, v in enumerate(layer.trainable_variables) if v.path.endswith("/left")
    ]
    assert len(factors_first) == 2
    for number in factors_first:
        assert np.abs(taken[0][number] - taken[1][number]).max() > 1e-3


def test_gradient_descent_at_the_rate_of_a_whole_matrix():
    """Half the squared error of a whole matrix falls to a quarter; plain factors fly apart."""
    left, right = factors(10)
    right = right.T
    target = (left + 0.01 * RNG.normal(size=left.shape)) @ (right + 0.01 * RNG.normal(size=(6, 20)))

    def loss(a, b):
        return 0.5 * tf.reduce_sum(tf.square(tf.matmul(a, b) - target))

    before = float(loss(left, right))
    step = gradients(left, right, loss)
    assert float(loss(left - 0.5 * step[0], right - 0.5 * step[1])) < 0.3 * before
    g = left @ right - target
    plain = left - 0.5 * g @ right.T, right - 0.5 * left.T @ g
    assert float(loss(*plain)) > 10 * before


def test_hybrid_layers_have_them_too():
    """Of each half of the inputs by itself; the rows that are stored whole have plain ones."""
    keras.utils.set_random_seed(0)
    hybrid = structures.Hybrid(rank=3)
    hybrid.build((10, 8))
    g = RNG.normal(size=(10, 8)).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(hybrid.to_dense(training=True) * g)
    found = dict(
        zip(
            ("upper", "columns", "lower"),
            tape.gradient(loss, (hybrid.upper, hybrid.columns, hybrid.lower)),
            strict=True,
        )
    )
    np.testing.assert_allclose(found["upper"], g[:, :3])
    columns, lower = (ops.convert_to_numpy(w) for w in (hybrid.columns, hybrid.lower))
    for half, rows in ((0, slice(5)), (1, slice(5, None))):
        row, column = lower[half], columns[rows]
        expected = g[rows, 3:] @ row / (1.1 * row @ row + 1e-6)
        np.testing.assert_allclose(np.asarray(found["columns"])[rows], expected, rtol=1e-4)
        expected = column @ g[rows, 3:] / (1.1 * column @ column + 1e-6)
        np.testing.assert_allclose(np.asarray(found["lower"])[half], expected, rtol=1e-4)
