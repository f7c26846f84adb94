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


class SaveAt(keras.callbacks.Callback):
    """Saves the model in the middle of its training."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 0:
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            self.model.save(self.path)


def fit(model, *more, epochs=1):
    watch = Watch()
    model.fit(*data(), epochs=epochs, batch_size=16, verbose=0, callbacks=[*more, watch])
    return watch


def test_a_checkpoint_does_not_keep_dropping(tmp_path):
    model = doped_model()
    fit(model, callbacks.CoMatrixDropout(0.5), SaveAt(tmp_path / "m.keras"), epochs=2)
    loaded = keras.models.load_model(tmp_path / "m.keras")
    watch = fit(loaded, epochs=2)
    assert watch.rates == [0.0, 0.0]
    assert watch.losses[0] == watch.losses[1], "the learning rate is 0: nothing else changes it"


def test_restored_weights_do_not_keep_dropping():
    """`EarlyStopping` puts weights from the middle of training back when it ends."""
    model = doped_model()
    stop = keras.callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True)
    fit(model, callbacks.CoMatrixDropout(0.5), stop, epochs=4)
    assert rates(model) == {0.0}
    assert fit(model).rates == [0.0]


def test_the_rate_is_no_weight():
    model = doped_model()
    paths = [w.path for w in model.weights]
    assert not any("dropout_rate" in path for path in paths)
    # L and R of four gates' factors, values and mask of each, and the bias.
    assert len(paths) == 4 * (2 + 2) + 1


def test_files_that_have_the_rate_load(tmp_path, monkeypatch):
    """As versions before wrote them: the rate is the sum's variable 0."""
    model = doped_model()
    (structure, *_) = structures.find_structures(model, structures.Sum)
    save = type(structure).save_own_variables

    def with_rate(self, store):
        save(self, store)
        store["0"] = np.float32(0.5)

    monkeypatch.setattr(type(structure), "save_own_variables", with_rate)
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    monkeypatch.undo()
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert rates(loaded) == {0.0}
    other = doped_model()
    other.load_weights(tmp_path / "m.weights.h5")
    for old, new in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(old), ops.convert_to_numpy(new))
