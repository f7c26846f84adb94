"""Sparse parts that are pruned together."""

import keras
import numpy as np
import pytest
from keras import ops

import lrkeras
from lrkeras import callbacks, layers, structures
from lrkeras.structures import pruned_together


def pooled_model(block=None, density=0.25, scales=(1.0, 3.0)):
    """Two dense layers of one structure, whose weights differ in size."""
    keras.utils.set_random_seed(0)
    spec = structures.Sparse(density=density, block=block, pooled=True)
    model = keras.Sequential(
        [
            keras.Input((12,)),
            layers.Dense(16, kernel_structure=spec, use_bias=False),
            layers.Dense(8, kernel_structure=spec, use_bias=False),
        ]
    )
    rng = np.random.default_rng(0)
    for part, scale in zip(parts_of(model), scales, strict=True):
        part.values.assign(scale * rng.normal(size=part.shape))
    model.compile("sgd", "mse")
    return model


def parts_of(model):
    return structures.find_structures(model, structures.Sparse)


def values_of(parts):
    return [ops.convert_to_numpy(part.values).astype(np.float64) for part in parts]


def test_the_largest_entries_of_all_matrices_stay():
    model = pooled_model()
    before = values_of(parts_of(model))
    lrkeras.sparsify(model)
    first, second = parts_of(model)
    total = round(0.25 * 12 * 16) + round(0.25 * 16 * 8)
    magnitudes = np.sort(np.abs(np.concatenate([v.ravel() for v in before])))
    threshold = magnitudes[-total]
    for value, kept in zip(before, values_of((first, second)), strict=True):
        np.testing.assert_array_equal(kept, np.where(np.abs(value) >= threshold, value, 0))
    assert first.kept_blocks + second.kept_blocks == total
    assert second.sparsity < 0.5
    assert first.sparsity > 0.9
    assert (first.num_params, second.num_params) == (first.kept_blocks, second.kept_blocks)
    assert first.is_at_target
    assert second.is_at_target


def test_every_matrix_keeps_a_block():
    model = pooled_model(density=0.05, scales=(1e-6, 1.0))
    lrkeras.sparsify(model)
    assert [p.kept_blocks for p in parts_of(model)] == [1, round(0.05 * 192) + round(6.4) - 1]


def test_blocks_of_several_sizes_are_pools_of_their_own():
    spec = [structures.Sparse(density=0.5, block=b, pooled=True) for b in (None, (1, 4), (1, 4))]
    alone = structures.Sparse(density=0.5)
    model = keras.Sequential(
        [keras.Input((8,)), *(layers.Dense(8, kernel_structure=s) for s in (*spec, alone))]
    )
    found = pruned_together(model)
    assert [len(getattr(pool, "parts", [pool])) for pool in found] == [1, 2, 1]
    assert isinstance(found[2], structures.Sparse)


@pytest.mark.parametrize("block", [None, (1, 4)])
def test_annealing_follows_the_schedule_over_all_matrices(block):
    model = pooled_model(block)
    (pool,) = pruned_together(model)
    target = pool.target_blocks
    annealing = callbacks.SparsityAnnealing(0, 8, power=1, frequency=2)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(12, 12)), rng.normal(size=(12, 8))
    seen = []
    log = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(pool.sparsity)
    )
    model.fit(x, y, batch_size=1, epochs=1, verbose=0, shuffle=False, callbacks=[annealing, log])
    for step in (2, 4, 6, 8):
        wanted = annealing.sparsity(step, 1 - target / pool.total_blocks)
        assert seen[step - 1] == pytest.approx(wanted, abs=0.5 / pool.total_blocks)
    assert sum(p.kept_blocks for p in pool.parts) == pool.target_blocks == target
    assert all(p.is_at_target for p in pool.parts)
    assert pool.parts[0].density != pool.parts[1].density


@pytest.mark.parametrize("format", ["model.keras", "weights"])
def test_what_each_keeps_is_saved(format, tmp_path):
    model = pooled_model()
    lrkeras.sparsify(model)
    if format == "weights":
        again = pooled_model()
        again.set_weights(model.get_weights())
    else:
        model.save(tmp_path / format)
        again = keras.saving.load_model(tmp_path / format)
    for mine, theirs in zip(parts_of(model), parts_of(again), strict=True):
        assert theirs.pooled
        assert theirs.is_at_target
        assert theirs.target_blocks == mine.target_blocks == theirs.kept_blocks
    lrkeras.sparsify(again)
    for mine, theirs in zip(values_of(parts_of(model)), values_of(parts_of(again)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_gates_of_doped_layers_share_and_the_file_is_right(tmp_path):
    keras.utils.set_random_seed(0)
    spec = structures.doped("low_rank", compression=4, pooled=True)
    model = keras.Sequential(
        [
            keras.Input((5, 8)),
            layers.LSTM(16, joint_structure=spec, return_sequences=True),
            layers.LSTM(16, joint_structure=spec),
            layers.Dense(2),
        ]
    )
    parts = parts_of(model)
    assert len(parts) == 8
    target = sum(p.target_blocks for p in parts)
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 5, 8)).astype("float32"), rng.normal(size=(32, 2))
    annealing = callbacks.SparsityAnnealing(0, 6)
    model.fit(x, y, batch_size=4, epochs=1, verbose=0, callbacks=[annealing])
    kept = [p.kept_blocks for p in parts]
    assert len(set(kept)) > 1
    assert sum(kept) == sum(p.target_blocks for p in parts) == target
    lrkeras.convert(model, tmp_path / "model.tflite", sample=x[:4])  # its gate compares


def test_it_is_in_the_config_where_it_is_asked_for():
    assert structures.Sparse(density=0.5, pooled=True).get_config()["pooled"] is True
    assert "pooled" not in structures.Sparse(density=0.5).get_config()  # as in older files
    copy = structures.Sparse(density=0.5, pooled=True).copy()
    assert copy.pooled
