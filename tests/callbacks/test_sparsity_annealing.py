import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import callbacks, layers, sparsify, structures

pytestmark = pytest.mark.sampled


def sparse_model(density=0.2, block=None, optimizer="adam"):
    keras.utils.set_random_seed(0)
    spec = structures.doped("low_rank", density=density, block=block)
    model = keras.Sequential(
        [keras.Input((5, 8)), layers.LSTM(8, joint_structure=spec), layers.Dense(2)]
    )
    model.compile(optimizer, "mse")
    return model


def data(n=32):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 5, 8)).astype("float32"), rng.normal(size=(n, 2)).astype("float32")


def parts_of(model):
    return structures.find_structures(model, structures.Sparse)


class EveryBatch(keras.callbacks.Callback):
    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def on_train_batch_end(self, batch, logs=None):
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        self.seen(self.model)


@pytest.mark.parametrize("block", [None, (1, 4), (2, 4)])
@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_masked_values_are_zero_at_every_batch_end_and_the_target_is_exact(block, optimizer):
    if optimizer == "momentum":
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    model = sparse_model(block=block, optimizer=optimizer)
    kept = []

    def check(model):
        for part in parts_of(model):
            mask = ops.convert_to_numpy(part.expanded(part.mask))
            values = ops.convert_to_numpy(part.values)
            assert (values[~mask] == 0).all()
            np.testing.assert_array_equal(values, ops.convert_to_numpy(part.to_dense()))
        kept.append([p.kept_blocks for p in parts_of(model)])

    annealing = callbacks.SparsityAnnealing(begin_step=2, end_step=13, frequency=3)
    model.fit(*data(), epochs=5, batch_size=8, verbose=0, callbacks=[annealing, EveryBatch(check)])
    kept = np.array(kept)
    assert len(kept) == 20
    total = np.prod(parts_of(model)[0].mask.shape)
    assert (kept[0] == total).all(), "nothing before begin_step"
    assert (np.diff(kept, axis=0) <= 0).all(), "masks only shrink"
    changes = 1 + np.flatnonzero(np.any(np.diff(kept, axis=0) != 0, axis=1))
    assert set(changes + 1) <= {2, 5, 8, 11, 13}, "masks change at begin + k * frequency and end"
    target = parts_of(model)[0].target_blocks
    assert target == round(0.2 * total)
    assert (kept[12:] == target).all()


@pytest.mark.parametrize("power", [1, 2, 3])
def test_schedule_is_zhu_and_guptas(power):
    annealing = callbacks.SparsityAnnealing(10, 110, power=power, initial_sparsity=0.3)
    for step in range(0, 150, 7):
        t = min(max(step, 10), 110)
        expected = 0.9 + (0.3 - 0.9) * (1 - (t - 10) / 100) ** power
        assert annealing.sparsity(step, 0.9) == pytest.approx(expected, abs=1e-12)


def test_follows_the_schedule_at_every_mask():
    model = sparse_model()
    annealing = callbacks.SparsityAnnealing(0, 16, power=2, frequency=4)
    seen = []
    check = EveryBatch(lambda m: seen.append([p.sparsity for p in parts_of(m)]))
    model.fit(*data(), epochs=5, batch_size=8, verbose=0, callbacks=[annealing, check])
    total = np.prod(parts_of(model)[0].mask.shape)
    for step in (4, 8, 12, 16):
        expected = annealing.sparsity(step, parts_of(model)[0].target_sparsity)
        assert seen[step - 1] == pytest.approx([expected] * 4, abs=0.5 / total)


def test_epoch_arguments_are_steps():
    model = sparse_model()
    annealing = callbacks.SparsityAnnealing(begin_epoch=1, end_epoch=3)
    model.fit(*data(), epochs=4, batch_size=8, verbose=0, callbacks=[annealing])
    assert (annealing.begin_step, annealing.end_step) == (4, 12)
    assert all(p.is_at_target for p in parts_of(model))


def test_an_annealed_model_stays_sparse_in_a_second_fit():
    model = sparse_model()
    sparsify(model)
    masks = [ops.convert_to_numpy(p.mask) for p in parts_of(model)]
    annealing = callbacks.SparsityAnnealing(0, 4)
    model.fit(*data(), epochs=2, batch_size=8, verbose=0, callbacks=[annealing])
    model.fit(*data(), epochs=1, batch_size=8, verbose=0)
    for part, mask in zip(parts_of(model), masks, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(part.mask), mask)
        assert np.count_nonzero(ops.convert_to_numpy(part.to_dense())) <= part.target_blocks


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch has no such option")
def test_several_steps_per_execution():
    model = sparse_model()
    model.compile("adam", "mse", steps_per_execution=4)
    annealing = callbacks.SparsityAnnealing(0, 6, frequency=1)
    model.fit(*data(), epochs=2, batch_size=8, verbose=0, callbacks=[annealing])
    assert all(p.kept_blocks == p.target_blocks for p in parts_of(model))


def test_ending_early_is_told():
    with pytest.warns(UserWarning, match=r"step 4, before `end_step` = 100.*lrkeras.sparsify"):
        sparse_model().fit(
            *data(), batch_size=8, verbose=0, callbacks=[callbacks.SparsityAnnealing(0, 100)]
        )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"end_step": 10, "end_epoch": 2},
        {"end_step": 5, "begin_step": 5},
        {"end_step": 5, "begin_step": -1},
        {"end_step": 5, "power": 0},
        {"end_step": 5, "initial_sparsity": 1.0},
        {"end_step": 5, "frequency": 0},
        {"end_step": 5, "begin_epoch": 1},
        {"end_step": 5, "begin_epoch": 0},
        {"begin_step": 1000, "end_epoch": 12},
        {"begin_step": 1, "begin_epoch": 1, "end_epoch": 12},
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="Received"):
        callbacks.SparsityAnnealing(**arguments)


@pytest.mark.parametrize(
    "callback",
    [
        callbacks.SparsityAnnealing(0, 5),
        callbacks.CoMatrixDropout(0.3),
        callbacks.StructureLogger(),
    ],
    ids=lambda c: type(c).__name__,
)
def test_a_model_with_nothing_to_act_on_is_refused(callback):
    model = keras.Sequential([keras.Input((5, 8)), layers.LSTM(4), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="found nothing to act on"):
        model.fit(*data(), verbose=0, callbacks=[callback])


@pytest.mark.parametrize(
    "callback",
    [
        callbacks.SparsityAnnealing(0, 1),
        callbacks.CoMatrixDropout(0.3),
        callbacks.StructureLogger(),
        callbacks.UnitPruning(units={"lstm": 2}, end_epoch=1),
    ],
    ids=lambda c: type(c).__name__,
)
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others build it before")
def test_a_model_that_is_not_built_is_refused_and_trains_once_it_was_called(callback):
    lstm = layers.LSTM(4, joint_structure=structures.doped("kronecker", density=0.2), name="lstm")
    model = keras.Sequential([lstm, keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    if isinstance(callback, callbacks.UnitPruning):
        model = keras.Sequential([layers.LSTM(4, name="lstm"), keras.layers.Dense(2)])
        model.compile("sgd", "mse")
    x, y = data()
    with pytest.raises(ValueError, match="call it on a batch of inputs, before fit"):
        model.fit(x, y, verbose=0, callbacks=[callback])
    model(x[:2])
    model.fit(x, y, verbose=0, callbacks=[callback])


def test_sparsify_prunes_by_magnitude_at_once():
    model = sparse_model()
    before = [ops.convert_to_numpy(p.values) for p in parts_of(model)]
    sparsify(model)
    for part, values in zip(parts_of(model), before, strict=True):
        count = part.target_blocks
        threshold = np.sort(np.abs(values), axis=None)[-count]
        expected = np.where(np.abs(values) >= threshold, values, 0)
        np.testing.assert_array_equal(ops.convert_to_numpy(part.values), expected)


def test_sparsify_refuses_a_model_without_sparse_parts():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="no sparse part"):
        sparsify(model)
