import keras
import numpy as np
import pytest

from lrkeras import compress, structures
from lrkeras.compression.unit_order.find_order import cluster_rows
from lrkeras.compression.unit_order.unit_graph import UnitGraph, reorder_units

L = keras.layers


def numbers(x):
    return np.asarray(keras.ops.convert_to_numpy(x), np.float64)


def branched():
    """Units of both layers are read beside each other, and averaged over time."""
    x = keras.Input((6, 12))
    a = L.LSTM(32, return_sequences=True, name="a")(x)
    b = L.GRU(20, return_sequences=True, name="b")(L.Dropout(0.1)(a))
    joined = L.Concatenate()([x, a, b])
    weights = L.Softmax(axis=1)(L.Dense(1, use_bias=False, name="scores")(joined))
    average = L.Reshape((64,))(L.Dot(axes=1)([weights, joined]))
    model = keras.Model(x, L.Dense(5, name="out")(average))
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape) / np.sqrt(weight.shape[0]))
    return model


def test_readers_are_found():
    graph = UnitGraph(branched())
    found = {n: [(layer.name, first) for layer, first in r] for n, r in graph.readers.items()}
    assert found == {
        "a": [("b", 0), ("scores", 12), ("out", 12)],
        "b": [("scores", 44), ("out", 44)],
    }


def test_reordered_model_is_the_same_function():
    model, rng = branched(), np.random.default_rng(1)
    order = rng.permutation(32)
    other = reorder_units(model, {"a": order, "b": rng.permutation(20)})
    x = rng.normal(size=(4, 6, 12)).astype("float32")
    np.testing.assert_allclose(numbers(other(x)), numbers(model(x)), atol=2e-6)
    before = numbers(model.get_layer("a").cell.recurrent_kernel)
    after = numbers(other.get_layer("a").cell.recurrent_kernel)
    np.testing.assert_array_equal(after[:, :32], before[order][:, order])
    np.testing.assert_allclose(
        numbers(other.get_layer("a")(x)), numbers(model.get_layer("a")(x))[..., order], atol=1e-6
    )


@pytest.mark.parametrize(
    "stack",
    [
        [L.LSTM(16, name="x")],  # the units are the outputs
        [L.LSTM(16, return_sequences=True, name="x"), L.LayerNormalization(), L.Dense(3)],
        [L.LSTM(16, return_sequences=True, name="x"), L.Conv1D(3, 2)],
        [L.Bidirectional(L.LSTM(16, return_sequences=True, name="x")), L.Dense(3)],
        [L.LSTM(16, name="x"), L.Activation("softmax"), L.Dense(3)],
    ],
)
def test_order_that_shows_elsewhere_is_not_free(stack):
    model = keras.Sequential([keras.Input((5, 8)), *stack])
    assert not UnitGraph(model).readers
    with pytest.raises(ValueError, match="is not free"):
        reorder_units(model, {"x": np.arange(16)})


def test_what_is_no_permutation_is_refused():
    with pytest.raises(ValueError, match="Expected a permutation of the 32 units of `a`"):
        reorder_units(branched(), {"a": [0] * 32})


def test_rows_that_belong_together_are_found():
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.repeat(np.arange(4), 8))
    features = rng.uniform(0, 0.1, (32, 40))
    for group in range(4):
        features[groups == group, 10 * group : 10 * group + 10] += 1
    order = cluster_rows(features, 8)
    assert sorted(order) == list(range(32))
    for first in range(0, 32, 8):
        assert len(set(groups[order[first : first + 8]])) == 1


def shuffled_blocks():
    """A model with block-sparse recurrent matrices whose units were shuffled."""
    model, rng = branched(), np.random.default_rng(2)
    first = rng.uniform(size=128) < 0.5  # each output reads one half of the units
    blocks = np.stack([first, ~first]).repeat(16, axis=0)
    noise = 0.02 * rng.normal(size=(32, 128))
    model.get_layer("a").cell.recurrent_kernel.assign(blocks * rng.normal(size=(32, 128)) + noise)
    return reorder_units(model, {"a": rng.permutation(32)})


def test_blocks_are_found_again_and_the_error_is_lower():
    model = shuffled_blocks()
    what = {"a.recurrent": structures.Sparse(density=0.5, block=(1, 16))}
    errors = []
    for reorder in (False, True):
        small, report = compress(model, what, reorder_units=reorder)
        errors.append(report.matrices[0].error)
    assert "units of `a` were reordered" in report.notes[0]
    assert errors[1] < 0.2 * errors[0]
    x = np.random.default_rng(3).normal(size=(4, 6, 12)).astype("float32")
    assert np.abs(numbers(small(x)) - numbers(model(x))).max() < 0.1


def test_hybrid_gets_its_hardest_outputs_first():
    model, rng = branched(), np.random.default_rng(4)
    cell = model.get_layer("a").cell
    for name in ("kernel", "recurrent_kernel"):
        rows = getattr(cell, name).shape[0]
        easy = rng.normal(size=(rows, 1)) * rng.normal(size=(1, 128))
        hard = np.tile(np.arange(32) % 4 == 3, 4) * rng.normal(size=(rows, 128))
        getattr(cell, name).assign(easy + 3 * hard)
    what = {"a": structures.Hybrid(rank=8)}
    _, plain = compress(model, what, reorder_units=False)
    _, ordered = compress(model, what)
    assert max(r.error for r in ordered.matrices) < 1e-4
    assert min(r.error for r in plain.matrices) > 0.3
