"""Rows that start from a trained dense model."""

import dataclasses

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras import structures
from lrkeras.tasks.papers.language_models import start
from lrkeras.tasks.papers.language_models.model import logit_model
from lrkeras.tasks.papers.language_models.rows import config_of

WORDS, TOKENS = 30, np.arange(24).reshape(2, 12)


def micro(name, **changes):
    sizes = {"units": (32, 32), "embedding_dim": 32, "dropout": (0.0, 0.0, 0.0), **changes}
    return dataclasses.replace(config_of(name), **sizes)


@pytest.fixture(scope="module")
def dense():
    keras.utils.set_random_seed(4)
    model = logit_model(micro("ptb_small", init_scale=0.4), WORDS)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(weight + 0.1 * rng.normal(size=weight.shape))
    return model


def _started(name, dense, **changes):
    config = micro(name, **changes)
    model = logit_model(config, WORDS)
    start.start_from(model, dense, config)
    return model


@pytest.mark.parametrize("suffix", ["started", "1x4_reordered"])
def test_what_is_annealed_starts_as_the_dense_model(dense, suffix):
    model = _started(f"ptb_small_doped_kronecker_4x_{suffix}", dense)
    np.testing.assert_allclose(to_numpy(model(TOKENS)), to_numpy(dense(TOKENS)), atol=2e-5)
    assert all(p.sparsity == 0 for p in structures.find_structures(model, structures.Sparse))


def test_reordered_units_put_more_into_blocks(dense):
    config = micro("ptb_small_doped_kronecker_4x_1x4_reordered")
    moved = start.with_clustered_units(dense, config)
    np.testing.assert_allclose(to_numpy(moved(TOKENS)), to_numpy(dense(TOKENS)), atol=2e-5)

    def kept(model):
        w = to_numpy(start.recurrent_layers_of(model)[0].cell.recurrent_kernel)
        blocks = np.square(w).reshape(8, 4, 128).sum(1).ravel()
        return np.sort(blocks)[-len(blocks) // 5 :].sum()

    assert kept(moved) > kept(dense)


@pytest.mark.parametrize(("where", "other"), [("input", "recurrent"), ("recurrent", "input")])
def test_svd_touches_one_kind_of_matrix(dense, where, other):
    model = _started(f"ptb_small_svd_{where}_r5", dense)
    names = {"input": "kernel", "recurrent": "recurrent_kernel"}
    for layer in ("recurrent_0", "recurrent_1"):
        ours, theirs = (m.get_layer(layer).cell for m in (model, dense))
        np.testing.assert_array_equal(
            to_numpy(getattr(ours, names[other])), to_numpy(getattr(theirs, names[other]))
        )
        w = to_numpy(getattr(theirs, names[where])).astype(np.float64)
        u, s, vt = np.linalg.svd(w)
        best = (u[:, :5] * s[:5]) @ vt[:5]
        np.testing.assert_allclose(to_numpy(getattr(ours, names[where])), best, atol=1e-5)


def test_semi_nmf_is_a_product_with_a_factor_that_is_not_negative(dense):
    cell = _started("ptb_small_semi_nmf_recurrent_r5", dense).get_layer("recurrent_0").cell
    left = to_numpy(cell.recurrent_structure.left)
    assert left.shape == (32, 5)
    assert left.min() >= 0
    w = to_numpy(dense.get_layer("recurrent_0").cell.recurrent_kernel)
    svd = np.sqrt((np.linalg.svd(w, compute_uv=False)[5:] ** 2).sum())
    error = np.linalg.norm(to_numpy(cell.recurrent_kernel) - w)
    assert svd <= error * (1 + 1e-5)
    assert error < 1.3 * svd


def test_pruning_keeps_as_many_numbers_as_the_rank(dense):
    cell = _started("ptb_small_pruned_input_r5", dense).get_layer("recurrent_0").cell
    w, whole = to_numpy(cell.kernel), to_numpy(dense.get_layer("recurrent_0").cell.kernel)
    assert np.count_nonzero(w) == 5 * (32 + 128)
    largest = np.sort(np.abs(whole).ravel())[-5 * 160 :]
    np.testing.assert_allclose(np.sort(np.abs(w[w != 0])), largest, rtol=1e-6)


def test_norms_by_hand(dense):
    rows = start.norms_per_entry(dense)
    assert [(r["layer"], r["role"]) for r in rows[:2]] == [
        ("recurrent_0", "input"),
        ("recurrent_0", "recurrent"),
    ]
    w = to_numpy(dense.get_layer("recurrent_0").cell.kernel).astype(np.float64)
    sums = [sum(abs(x) for x in row) for row in w]  # one for each input, over the gates
    mean = sum(sums) / 32
    assert rows[0]["l1"] == pytest.approx(max(sums) / 128)
    assert rows[0]["l1_spread"] == pytest.approx(sum((s - mean) ** 2 for s in sums) / 32 / mean**2)
    eigenvalues = np.linalg.eigvalsh(w @ w.T)
    assert rows[0]["nuclear"] == pytest.approx(np.sqrt(eigenvalues).sum() / 64, rel=1e-6)


def test_what_a_start_needs(tmp_path):
    config = micro("ptb_small_svd_input_r5")
    with pytest.raises(ValueError, match="Train papers/ptb_small first"):
        start.dense_model(config, None)
    with pytest.raises(FileNotFoundError, match=r"model\.keras"):
        start.dense_model(config, tmp_path)
    (tmp_path / "model.keras").touch()
    (tmp_path / "config.json").write_text('{"row": "ptb_medium", "units": [650, 650]}')
    with pytest.raises(ValueError, match="received papers/ptb_medium with another"):
        start.dense_model(config, tmp_path)
    with pytest.raises(ValueError, match="Expected an LSTM"):
        start.dense_model(micro("ptb_rhn_small_doped_kronecker_2x_started"), tmp_path)
