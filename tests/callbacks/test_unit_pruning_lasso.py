"""The group lasso of UnitPruning, against its closed form in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

import lrkeras
from lrkeras import callbacks
from lrkeras.model_graph.units.hidden_units import find_units
from lrkeras.model_graph.units.unit_norms import dead_units

L = keras.layers
RATE = 0.5


def compiled(layers, optimizer=None, loss="mse", seed=0):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(layers)
    model.compile(optimizer or keras.optimizers.SGD(RATE), loss)
    return model


def nothing(y, outputs):
    """A loss without gradients, so that only the lasso moves the weights."""
    return 0.0 * ops.sum(outputs)


def data(shape, n=4):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, *shape)).astype("float32"), rng.normal(size=(n, 2)).astype("float32")


def fit(model, pruning, epochs=1, more=(), n=4, **arguments):
    x, y = data(model.input_shape[1:], n)
    arguments = {"batch_size": 4, "shuffle": False, "verbose": 0, **arguments}
    return model.fit(x, y, epochs=epochs, callbacks=[pruning, *more], **arguments)


def lasso_of(strength, **arguments):
    """Without an epoch that ends, no unit goes but by the lasso."""
    return callbacks.UnitPruning(
        **{"compression": 1.2, "begin_epoch": 1, "end_epoch": 2, "lasso": strength, **arguments}
    )


def values(model):
    return [np.float64(w) for w in model.get_weights()]


def dense_norms(kernel, bias, reader):
    return np.sqrt((kernel**2).sum(axis=0) + bias**2 + (reader**2).sum(axis=1))


def dense_model(**arguments):
    """Four hidden units of known weights, of the norms 5, 13, 0.1 and 0."""
    model = compiled(
        [keras.Input((2,)), L.Dense(4, name="one"), L.Dense(2, name="out")], **arguments
    )
    kernel = np.array([[3, 4, 0.06, 0], [0, 3, 0.0, 0]])
    bias = np.array([4, 0, 0.08, 0])
    reader = np.array([[0, 0], [0, 12], [0, 0], [0, 0]])
    model.set_weights([kernel, bias, reader, np.array([7.0, 8.0])])
    return model


ENDS_EARLY = pytest.mark.filterwarnings("ignore:Training ended after")


@ENDS_EARLY
def test_the_norm_of_a_unit_falls_by_lasso_times_rate():
    model = dense_model(loss=nothing)
    before = values(model)
    np.testing.assert_allclose(dense_norms(*before[:3]), [5, 13, 0.1, 0])
    fit(model, lasso_of(0.6))
    kernel, bias, reader, last = values(model)
    np.testing.assert_allclose(dense_norms(kernel, bias, reader), [4.7, 12.7, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(kernel[:, 1], [4 * 12.7 / 13, 3 * 12.7 / 13], rtol=1e-6)
    for weight in (kernel[:, 2:], bias[2:], reader[2:]):
        assert (weight == 0).all(), "a norm of 0.1 is below 0.6 * 0.5: exactly zero"
    np.testing.assert_array_equal(last, [7, 8])  # the outputs belong to no unit that may go


@ENDS_EARLY
def test_it_follows_the_step_of_the_optimizer():
    plain, drawn = (dense_model(optimizer=keras.optimizers.Adam(0.01)) for _ in range(2))
    fit(plain, lasso_of(0.0))
    fit(drawn, lasso_of(3.0))
    one, other = (dense_norms(*values(model)[:3]) for model in (plain, drawn))
    np.testing.assert_allclose(other, np.maximum(0, one - 3.0 * 0.01), rtol=1e-5, atol=1e-6)
    assert not np.allclose(one, [5, 13, 0.1, 0], atol=1e-3), "the optimiser has moved them"


@ENDS_EARLY
@pytest.mark.parametrize("batches", [1, 3])
def test_the_rate_is_the_current_one_of_the_optimizer(batches):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1, 2], [0.5, 0.25, 0.125])
    model = dense_model(loss=nothing, optimizer=keras.optimizers.SGD(schedule))
    fit(model, lasso_of(0.6), n=4 * batches)
    # The schedule's values after 1, 2 and 3 steps.
    drawn = 0.6 * sum([0.5, 0.25, 0.125][:batches])
    np.testing.assert_allclose(
        dense_norms(*values(model)[:3])[:2], [5 - drawn, 13 - drawn], rtol=1e-6
    )


@ENDS_EARLY
def test_what_belongs_to_two_units_has_both_factors():
    """An LSTM: every entry of its recurrent matrix has two units, on the diagonals of gates one."""
    units, strength = 3, 0.4
    model = compiled([keras.Input((5, 2)), L.LSTM(units, name="one"), L.Dense(2)], loss=nothing)
    kernel, recurrent, bias, reader, last = values(model)
    made = np.tile(np.arange(units), 4)  # by column of the gates
    norms = np.zeros(units)
    for k in range(units):
        columns = made == k
        belongs = columns[None] | (np.arange(units) == k)[:, None]
        norms[k] = np.sqrt(
            (kernel[:, columns] ** 2).sum()
            + (recurrent[belongs] ** 2).sum()
            + (bias[columns] ** 2).sum()
            + (reader[k] ** 2).sum()
        )
    factors = 1 - strength * RATE / norms
    assert (factors > 0).all()
    both = np.array(
        [[factors[i] * (factors[k] if i != k else 1) for k in made] for i in range(units)]
    )
    fit(model, lasso_of(strength))
    expected = [
        kernel * factors[made],
        recurrent * both,
        bias * factors[made],
        reader * factors[:, None],
        last,
    ]
    for received, wanted in zip(values(model), expected, strict=True):
        np.testing.assert_allclose(received, wanted, rtol=1e-5)


@ENDS_EARLY
def test_units_on_two_of_three_axes():
    """A convolution around which an addition goes has its units along its inputs and outputs."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 2))
    x = L.Dense(3, use_bias=False)(inputs)
    x = L.Add()([x, L.Conv1D(3, 2, padding="same", use_bias=False)(x)])
    model = keras.Model(inputs, L.Dense(2, use_bias=False)(x))
    model.compile(keras.optimizers.SGD(RATE), nothing)
    first, convolution, last = values(model)
    norms = np.array(
        [
            np.sqrt(
                (first[:, k] ** 2).sum()
                + (convolution[:, k] ** 2).sum()
                + (convolution[:, :, k] ** 2).sum()
                - (convolution[:, k, k] ** 2).sum()
                + (last[k] ** 2).sum()
            )
            for k in range(3)
        ]
    )
    factors = 1 - 0.2 * RATE / norms
    both = np.where(np.eye(3) == 1, factors[None], factors[None] * factors[:, None])
    x, _ = data((6, 2))
    model.fit(x, np.zeros((4, 6, 2)), batch_size=4, verbose=0, callbacks=[lasso_of(0.2)])
    expected = [first * factors, convolution * both, last * factors[:, None]]
    for received, wanted in zip(values(model), expected, strict=True):
        np.testing.assert_allclose(received, wanted, rtol=1e-5)


@ENDS_EARLY
def test_what_is_not_trained_or_may_not_go_stays():
    layers = [
        keras.Input((2,)),
        L.Dense(4, name="frozen", trainable=False),
        L.BatchNormalization(momentum=1.0),
        L.Dense(3, name="excluded"),
        L.Dense(2),
    ]
    model = compiled(layers, loss=nothing)
    model.layers[1].set_weights([np.full(4, v) for v in (2.0, 1.0, 5.0, 3.0)])
    frozen, bias, gamma, beta, mean, variance, reader, *rest = values(model)
    fit(model, lasso_of(0.4, exclude="excluded"))
    norms = np.sqrt(gamma**2 + beta**2 + (reader**2).sum(axis=1))
    factors = 1 - 0.4 * RATE / norms
    expected = [frozen, bias, gamma * factors, beta * factors, mean, variance]
    expected += [reader * factors[:, None], *rest]
    for received, wanted in zip(values(model), expected, strict=True):
        np.testing.assert_allclose(received, wanted, rtol=1e-6)


def test_nothing_is_drawn_once_the_last_units_have_gone():
    model = dense_model(loss=nothing)
    fit(model, lasso_of(0.2, begin_epoch=0, end_epoch=2, units={"one": 2}, compression=None), 5)
    # Two batches, one an epoch, and none of the three that follow.
    np.testing.assert_allclose(dense_norms(*values(model)[:3]), [4.8, 12.8, 0, 0], rtol=1e-6)


def deep_model(seed=0):
    """What enters the second layer belongs to units of both."""
    layers = [keras.Input((3,)), L.Dense(6, "tanh"), L.Dense(5, "tanh"), L.Dense(2)]
    return compiled(layers, optimizer=keras.optimizers.SGD(0.1, momentum=0.9), seed=seed)


class Crash(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_resumed_training_gives_the_same(tmp_path):
    def run(folder, seed=0, more=()):
        model = deep_model(seed)
        backup = keras.callbacks.BackupAndRestore(tmp_path / folder)
        fit(model, lasso_of(0.3, compression=2, end_epoch=3), 4, [backup, *more], n=12)
        return values(model)

    whole = run("whole")
    with pytest.raises(KeyboardInterrupt):
        run("crashed", more=[Crash()])
    for one, other in zip(whole, run("crashed", seed=5), strict=True):
        np.testing.assert_array_equal(one, other)


def test_zero_changes_nothing():
    found = []
    for arguments in ({}, {"lasso": 0.0}, {"lasso": 0}, {"lasso": 0.3}):
        model = deep_model()
        fit(model, callbacks.UnitPruning(2, 0, 2, **arguments), 3, n=12)
        found.append(values(model))
    for others in found[1:3]:
        for one, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(found[0], found[3], strict=True))


def test_units_that_the_lasso_brought_to_zero_are_gone():
    """All of them here: one is left by shrink, and the log says so."""
    model = dense_model(optimizer=keras.optimizers.SGD(1e-4))
    logs = fit(model, lasso_of(1e6, compression=1.2, end_epoch=2), 3).history["kept_params"]
    assert dead_units(find_units(model))[0].all()
    small = lrkeras.shrink(model)
    assert small.get_layer("one").units == 1
    assert logs == [small.count_params()] * 3 == [2 + 1 + 2 + 2] * 3


@pytest.mark.parametrize("lasso", [-0.1, float("nan"), float("inf"), -float("inf")])
def test_bad_values(lasso):
    with pytest.raises(ValueError, match=r"lasso >= 0 and finite\. Received: lasso="):
        callbacks.UnitPruning(2, 0, 2, lasso=lasso)
