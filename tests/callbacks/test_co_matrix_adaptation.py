"""Co-matrix adaptation, and that co-matrix dropout prevents it (arXiv 2001.08896)."""

import keras
import numpy as np
import pytest

from lrkeras import callbacks, layers, structures

UNITS, DENSITY, EPOCHS, STEPS = 30, 0.02, 10, 40


def relative_error(rate, seed):
    """Test error, by the variance of the target, after learning a Kronecker product plus spikes.

    The sparse part is dense for nine epochs and pruned to 2 % in the last one, when the learning
    rate has nearly decayed: what the Kronecker part has not learned by then is lost.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    shapes = structures.factor_shapes(UNITS, UNITS)
    target = np.kron(*(rng.normal(size=shape) for shape in shapes)).T / np.sqrt(UNITS)
    target += (rng.random(target.shape) < DENSITY) * rng.normal(size=target.shape)
    x = rng.normal(size=(50 * STEPS, UNITS)).astype("float32")
    x_test = rng.normal(size=(1000, UNITS)).astype("float32")
    spec = structures.doped("kronecker", density=DENSITY)
    model = keras.Sequential(
        [keras.Input((UNITS,)), layers.Dense(UNITS, use_bias=False, kernel_structure=spec)]
    )
    decay = keras.optimizers.schedules.PolynomialDecay(0.1, EPOCHS * STEPS, 0.0)
    model.compile(keras.optimizers.SGD(decay, momentum=0.9), "mse")
    chosen = [callbacks.SparsityAnnealing(begin_epoch=EPOCHS - 1, end_epoch=EPOCHS)]
    if rate:
        schedule = keras.optimizers.schedules.PolynomialDecay(rate, EPOCHS * STEPS, 0.0)
        chosen.append(callbacks.CoMatrixDropout(schedule))
    model.fit(
        x, x @ target.astype("float32"), epochs=EPOCHS, batch_size=50, verbose=0, callbacks=chosen
    )
    wanted = x_test @ target
    return model.evaluate(x_test, wanted, verbose=0) / np.var(wanted)


@pytest.mark.parametrize("seeds", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_without_the_dropout_the_parts_adapt_to_each_other_and_pruning_destroys_the_sum(seeds):
    seeds = range(seeds)
    plain = np.array([relative_error(0.0, seed) for seed in seeds])
    dropped = np.array([relative_error(0.5, seed) for seed in seeds])
    # Chance would favour either side; here every seed does, and by far.
    assert (plain > 1.2 * dropped).all(), (plain, dropped)
    assert np.exp(np.mean(np.log(plain / dropped))) > 1.8
    assert np.max(dropped) < 0.2


def test_the_same_run_without_pruning_needs_no_dropout(monkeypatch):
    """The damage comes from pruning what was adapted: left dense, the sum learns the target."""
    monkeypatch.setattr(callbacks.SparsityAnnealing, "_update", lambda self, step: None)
    assert relative_error(0.0, 0) == pytest.approx(0, abs=0.02)
