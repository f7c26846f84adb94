import keras
import numpy as np
import pytest
from keras import ops

import lrkeras
from lrkeras import callbacks
from lrkeras.model_graph.units.hidden_units import find_units
from lrkeras.model_graph.units.unit_norms import dead_units

pytestmark = pytest.mark.sampled

L = keras.layers
BATCHES = 4


def model_of(optimizer="adam", seed=0):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((5, 8)),
            L.LSTM(12, return_sequences=True, name="one"),
            L.GRU(8, name="two"),
            L.Dense(6, activation="sigmoid", name="three"),
            L.Dense(2, name="out"),
        ]
    )
    model.compile(optimizer, "mse")
    return model


def momentum():
    return keras.optimizers.SGD(0.1, momentum=0.9)


def data(n=8 * BATCHES):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 5, 8)).astype("float32"), rng.normal(size=(n, 2)).astype("float32")


def fit(model, pruning, epochs=6, more=(), **arguments):
    return model.fit(
        *data(),
        epochs=epochs,
        batch_size=8,
        shuffle=False,
        verbose=0,
        callbacks=[pruning, *more],
        **arguments,
    )


def dead_counts(model):
    return [int(dead.sum()) for dead in dead_units(find_units(model))]


class EveryBatch(keras.callbacks.Callback):
    """Sees the model before and after the callback that comes before it has had its turn."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def on_train_batch_end(self, batch, logs=None):
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        self.seen(self.model)


@pytest.mark.parametrize("optimizer", ["adam", momentum])
def test_units_go_by_the_schedule_and_stay_gone(optimizer):
    model = model_of(optimizer if isinstance(optimizer, str) else optimizer())
    counts, moved = [], []
    watch_before = EveryBatch(lambda m: moved.append(dead_counts(m)))
    watch_after = EveryBatch(lambda m: counts.append(dead_counts(m)))
    pruning = callbacks.UnitPruning(3, begin_epoch=1, end_epoch=4)
    model.fit(
        *data(),
        epochs=6,
        batch_size=8,
        verbose=0,
        callbacks=[watch_before, pruning, watch_after],
    )
    counts = np.array(counts).reshape(6, BATCHES, 3)
    assert (counts == counts[:, :1]).all(), "what is zero is zero after each batch of an epoch"
    by_epoch = counts[:, 0]
    assert (by_epoch[:2] == 0).all(), "nothing goes before the second epoch is over"
    assert (np.diff(by_epoch, axis=0) >= 0).all()
    assert 0 < by_epoch[2].sum() < by_epoch[4].sum() == by_epoch[5].sum()
    # The optimiser moved some in between: a sigmoid of zero is not zero.
    assert (np.array(moved).reshape(6, BATCHES, 3)[3:] < counts[3:]).any()


def test_shares_are_those_of_zhu_and_gupta():
    pruning = callbacks.UnitPruning(4, begin_epoch=2, end_epoch=10, power=2)
    for epochs, progress in ((0, 0), (2, 0), (4, 0.25), (9, 7 / 8), (10, 1), (13, 1)):
        # s_t = s_f + (s_i - s_f) (1 - progress) ** power with s_i = 0, as a share of s_f
        expected = 1 - (1 - progress) ** 2
        assert pruning.share_gone(epochs) == pytest.approx(expected, abs=1e-12)


def test_kept_params_follow_the_schedule_and_end_at_the_compression():
    model = model_of()
    total = model.count_params()
    logs = fit(model, callbacks.UnitPruning(3, 0, 4)).history["kept_params"]
    largest = 4 * (8 + 12 + 1 + 12) + 3 * 8  # of a unit of `one`, and its row of `two`
    for epochs, kept in enumerate(logs, 1):
        wanted = total * (1 - 2 / 3 * (1 - (1 - min(1, epochs / 4)) ** 3))
        assert wanted - largest < kept <= wanted
    assert lrkeras.shrink(model).count_params() == logs[-1] <= total / 3


def test_shrunk_gives_the_same_outputs():
    model = model_of()
    fit(model, callbacks.UnitPruning(3, 0, 4))
    small = lrkeras.shrink(model)
    assert [type(layer) for layer in small.layers] == [type(layer) for layer in model.layers]
    x, _ = data()
    np.testing.assert_allclose(
        ops.convert_to_numpy(small(x)), ops.convert_to_numpy(model(x)), atol=1e-6
    )
    assert small.optimizer.__class__ is model.optimizer.__class__


def test_the_smallest_norms_go():
    """Without training, by hand: the squares of a unit, each matrix in units of its mean square."""
    model = model_of(keras.optimizers.SGD(0.0))
    kernel, recurrent, bias = (np.float64(w) for w in model.get_layer("one").get_weights())
    reader = np.float64(model.get_layer("two").get_weights()[0])
    norms = np.zeros(12)
    for matrix in (kernel, recurrent, bias):
        share = np.square(matrix) / (np.square(matrix).sum() / np.count_nonzero(matrix))
        norms += share.reshape(-1, 4, 12).sum(axis=(0, 1))
    for matrix in (recurrent, reader):
        norms += (np.square(matrix) / np.square(matrix).mean()).sum(axis=1)
    fit(model, callbacks.UnitPruning(units={"one": 5}, end_epoch=1), epochs=1)
    dead = dead_units(find_units(model))[0]
    np.testing.assert_array_equal(np.flatnonzero(~dead), np.sort(np.argsort(-norms)[:5]))


def test_numbers_of_units():
    model = model_of()
    pruning = callbacks.UnitPruning(units={"one": 3, "t*": 4}, end_epoch=2, exclude="three")
    with pytest.raises(ValueError, match="from 1 to 8"):
        fit(model, callbacks.UnitPruning(units={"two": 9}, end_epoch=2))
    fit(model, pruning, epochs=3)
    assert dead_counts(model) == [9, 4, 0]
    small = lrkeras.shrink(model)
    assert (small.get_layer("one").units, small.get_layer("two").units) == (3, 4)


def test_a_second_training_keeps_what_is_gone():
    model = model_of(momentum())
    pruning = callbacks.UnitPruning(3, 0, 2)
    fit(model, pruning, epochs=2)
    before = dead_counts(model)
    for again in (pruning, callbacks.UnitPruning(3, 0, 2)):
        fit(model, again, epochs=2)
        assert dead_counts(model) == before


class Crash(keras.callbacks.Callback):
    def __init__(self, epoch, batch=None):
        super().__init__()
        self.place = (epoch, batch)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            raise KeyboardInterrupt


@pytest.mark.parametrize("order", [0, 1], ids=["before", "after"])
@pytest.mark.parametrize("save_freq", ["epoch", pytest.param(3, marks=pytest.mark.slow)])
def test_resumed_training_gives_the_same(tmp_path, save_freq, order):
    def callbacks_of(folder):
        kept = keras.callbacks.BackupAndRestore(folder, save_freq=save_freq)
        pruning = callbacks.UnitPruning(3, 1, 4)
        return [kept, pruning] if order else [pruning, kept]

    whole = model_of()
    first, *rest = callbacks_of(tmp_path / "whole")
    fit(whole, first, more=rest)
    crashed = model_of()
    first, *rest = callbacks_of(tmp_path / "crashed")
    with pytest.raises(KeyboardInterrupt):
        fit(crashed, first, more=[*rest, Crash(3, 0)])
    resumed = model_of(seed=5)  # other weights, which the backup replaces
    first, *rest = callbacks_of(tmp_path / "crashed")
    fit(resumed, first, more=rest)
    assert lrkeras.shrink(resumed).count_params() * 3 <= whole.count_params()
    if save_freq != "epoch":  # Keras then trains on some batches twice
        return
    for one, other in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(other))


def test_averaged_weights_are_zero_too():
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    model = model_of(optimizer)
    fit(model, callbacks.UnitPruning(3, 0, 2), epochs=3)
    assert lrkeras.shrink(model).count_params() * 3 <= model.count_params()


def test_statistics_of_a_normalisation_are_left_alone():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((5, 8)), L.LSTM(12, name="one"), L.BatchNormalization(), L.Dense(2)]
    )
    model.compile("adam", "mse")
    fit(model, callbacks.UnitPruning(units={"one": 5}, end_epoch=2), epochs=3)
    small = lrkeras.shrink(model)
    assert small.get_layer("one").units == 5
    x, _ = data()
    np.testing.assert_allclose(
        ops.convert_to_numpy(small(x)), ops.convert_to_numpy(model(x)), atol=1e-6
    )
    assert (ops.convert_to_numpy(model.layers[1].moving_variance) > 0).all()


def test_ending_early_is_told():
    with pytest.warns(UserWarning, match="after 2 epochs, before `end_epoch` = 5 of UnitPruning"):
        fit(model_of(), callbacks.UnitPruning(3, 0, 5), epochs=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"end_epoch": 3}, "exactly one"),
        ({"compression": 2, "units": {"one": 3}, "end_epoch": 3}, "exactly one"),
        ({"compression": 1, "end_epoch": 3}, "above 1"),
        ({"compression": 2}, "begin_epoch < end_epoch"),
        ({"compression": 2, "begin_epoch": 3, "end_epoch": 3}, "begin_epoch < end_epoch"),
        ({"compression": 2, "begin_epoch": -1, "end_epoch": 3}, "begin_epoch < end_epoch"),
        ({"compression": 2, "end_epoch": 3, "power": 0}, "power > 0"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        callbacks.UnitPruning(**arguments)


def refuses(model, pruning, message):
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        fit(model, pruning)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_shrunk_model_is_refused():
    model = model_of()
    pruning = callbacks.UnitPruning(3, 0, 2)
    fit(model, pruning, epochs=2)
    small = lrkeras.shrink(model)
    for callback in (pruning, callbacks.UnitPruning(3, 0, 2)):
        refuses(small, callback, "made by lrkeras.shrink: its units have gone already")
    copy = keras.models.clone_model(small)
    copy.compile("sgd", "mse")
    refuses(copy, pruning, "was used on a model of")


def test_a_model_with_nothing_to_prune_is_refused():
    model = keras.Sequential([keras.Input((5, 8)), L.LSTM(2, name="one")])
    model.compile("sgd", "mse")
    refuses(model, callbacks.UnitPruning(3, 0, 2), "nothing to act on.*`?one`?: it is an output")


def test_what_is_impossible_is_told_before_anything_happens():
    refuses(model_of(), callbacks.UnitPruning(1e6, 0, 2), "Fewer units cannot make the model")
    refuses(model_of(), callbacks.UnitPruning(2, 0, 2, include="four"), "no layer .* 'four'")
    refuses(model_of(), callbacks.UnitPruning(units={"out": 1}, end_epoch=2), "have to stay")
