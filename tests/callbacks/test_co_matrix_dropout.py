import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import callbacks, layers, structures


def doped_model(optimizer=None, units=8):
    keras.utils.set_random_seed(0)
    spec = structures.doped("kronecker", density=0.2)
    model = keras.Sequential([keras.Input((5, 8)), layers.LSTM(units, joint_structure=spec)])
    model.compile(optimizer or keras.optimizers.SGD(0.0), "mse")
    return model


def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(16, 5, 8)).astype("float32"), rng.normal(size=(16, 8)).astype("float32")


def rates(model):
    found = structures.find_structures(model, structures.Sum)
    return {float(ops.convert_to_numpy(s.dropout_rate)) for s in found}


class Watch(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.rates, self.losses = [], []

    def on_train_batch_end(self, batch, logs=None):
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        (rate,) = rates(self.model)
        self.rates.append(round(rate, 6))
        self.losses.append(logs["loss"])


def test_rate_holds_during_training_only():
    model, watch = doped_model(), Watch()
    before = model.predict(data()[0], verbose=0)
    model.fit(
        *data(),
        epochs=3,
        batch_size=16,
        verbose=0,
        callbacks=[callbacks.CoMatrixDropout(0.3), watch],
    )
    assert watch.rates == [0.3] * 3
    assert rates(model) == {0.0}
    assert len(set(watch.losses)) == 3, "new masks for every batch"
    np.testing.assert_array_equal(model.predict(data()[0], verbose=0), before)


def test_rate_may_be_a_schedule():
    model, watch = doped_model(), Watch()
    schedule = keras.optimizers.schedules.PolynomialDecay(0.4, 4, 0.0)
    model.fit(
        *data(),
        epochs=5,
        batch_size=16,
        verbose=0,
        callbacks=[callbacks.CoMatrixDropout(schedule), watch],
    )
    assert watch.rates == pytest.approx([0.4, 0.3, 0.2, 0.1, 0.0])


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2])
def test_rate_out_of_range_is_refused(rate):
    with pytest.raises(ValueError, match=r"in \[0, 1\)"):
        callbacks.CoMatrixDropout(rate)


def test_rate_of_a_schedule_is_checked_too():
    with pytest.raises(ValueError, match=r"in \[0, 1\)"):
        doped_model().fit(
            *data(), verbose=0, callbacks=[callbacks.CoMatrixDropout(lambda step: 1.5)]
        )
