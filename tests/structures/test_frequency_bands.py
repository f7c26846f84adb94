import keras
import numpy as np
import pytest
from contract import StructureContract, dense
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrkeras import layers, structures
from lrkeras.compression.fitting.second_moments import SecondMoments

WORDS, WIDTH = 40, 12
ORDER = np.random.default_rng(7).permutation(WORDS)


class TestTable(StructureContract):
    def make(self):
        return structures.FrequencyBands(sizes=(10, 18, 12), ranks=(None, 4, 2))

    def shape(self):
        return (WORDS, WIDTH)

    def test_counts(self):
        structure = self.built()
        expected = 10 * 12 + 4 * (18 + 12) + 2 * (12 + 12)
        assert structure.num_params == structure.macs == expected

    def test_each_band_is_the_best_fit_of_its_rows(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        fitted = dense(self.make().copy(dtype="float64").from_dense(w))
        np.testing.assert_allclose(fitted[:10], w[:10], atol=1e-12)
        for start, end, rank in ((10, 28, 4), (28, 40, 2)):
            lost = np.linalg.svd(w[start:end], compute_uv=False)[rank:]
            error = np.linalg.norm(fitted[start:end] - w[start:end])
            assert error == pytest.approx(np.sqrt(np.sum(lost**2)), rel=1e-10)


class TestTableInAnotherOrder(TestTable):
    def make(self):
        return structures.FrequencyBands((10, 18, 12), (None, 4, 2), order=ORDER)

    def test_each_band_is_the_best_fit_of_its_rows(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        fitted = dense(self.make().copy(dtype="float64").from_dense(w))
        most, rest = ORDER[:10], ORDER[10:28]
        np.testing.assert_allclose(fitted[most], w[most], atol=1e-12)
        lost = np.linalg.svd(w[rest], compute_uv=False)[4:]
        error = np.linalg.norm(fitted[rest] - w[rest])
        assert error == pytest.approx(np.sqrt(np.sum(lost**2)), rel=1e-10)


class TestOutputLayer(StructureContract):
    def make(self):
        return structures.FrequencyBands(sizes=(8, 32), ranks=(None, 3))

    def shape(self):
        return (WIDTH, WORDS)

    def test_whole_columns_are_those_of_frequent_words(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        fitted = dense(self.make().copy(dtype="float64").from_dense(w))
        np.testing.assert_allclose(fitted[:, :8], w[:, :8], atol=1e-12)
        assert np.linalg.matrix_rank(fitted[:, 8:]) == 3


class TestOutputLayerInAnotherOrder(StructureContract):
    def make(self):
        return structures.FrequencyBands(sizes=(8, 32), ranks=(None, 3), order=ORDER, axis=1)

    def shape(self):
        return (WIDTH, WORDS)


class TestCompression(StructureContract):
    def make(self):
        return structures.FrequencyBands(compression=2)

    def shape(self):
        return (WORDS, WIDTH)


def test_the_bands_of_the_paper_are_of_the_size_that_it_says():
    table = structures.FrequencyBands(sizes=(2000, 8000), ranks=(None, 32))
    table.build((10_000, 96))
    assert table.num_params == 2000 * 96 + 32 * (8000 + 96) == 451_072


@settings(max_examples=60, deadline=None)
@given(st.integers(30, 4000), st.integers(4, 90), st.floats(1.05, 20), st.integers(0, 200))
def test_compression_is_met_and_used_up(words, width, times, overhead):
    structure = structures.FrequencyBands(compression=times, axis=0)
    budget = (words * width + overhead) / times - overhead
    if budget < words + width:
        with pytest.raises(ValueError, match="times smaller"):
            structure.build((words, width), overhead)
        return
    structure.build((words, width), overhead)
    assert structure.num_params <= budget + 1e-6
    # A whole row more would be too much, unless the rows are all whole.
    assert structure.num_params + width > budget or structure.sizes[0] >= words - width


def test_look_ups_meet_the_right_band_at_its_borders():
    table = structures.FrequencyBands(sizes=(3, 4, 5), ranks=(None, 2, 1), dtype="float64")
    table.build((12, 6))
    found = ops.convert_to_numpy(table.rows(ops.convert_to_tensor([2, 3, 6, 7, 11, 0])))
    np.testing.assert_allclose(found, dense(table)[[2, 3, 6, 7, 11, 0]], atol=1e-12)


def test_a_word_trains_its_own_band_alone():
    table = structures.FrequencyBands(sizes=(3, 9), ranks=(None, 2))
    layer = layers.Embedding(12, 6, embeddings_structure=table)
    model = keras.Sequential([keras.Input((1,), dtype="int32"), layer])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    head, tail = layer.embeddings_structure.parts
    before = ops.convert_to_numpy(head.matrix), ops.convert_to_numpy(tail.left)
    model.train_on_batch(np.array([[5]]), np.ones((1, 1, 6), "float32"))
    np.testing.assert_array_equal(ops.convert_to_numpy(head.matrix), before[0])
    moved = np.abs(ops.convert_to_numpy(tail.left) - before[1]).max(axis=1)
    assert moved[2] > 0 and np.count_nonzero(moved) == 1


@pytest.mark.parametrize("order", [None, ORDER], ids=["sorted", "in another order"])
def test_a_tied_embedding_gives_rows_and_logits(order):
    table = structures.FrequencyBands((10, 30), (None, 3), order=order)
    layer = layers.Embedding(WORDS, WIDTH, embeddings_structure=table)
    ids = np.array([[0, 39, 11]])
    whole = ops.convert_to_numpy(layer(ids))
    table = ops.convert_to_numpy(layer.embeddings)
    np.testing.assert_allclose(whole, table[ids], atol=1e-6)
    h = np.random.default_rng(0).normal(size=(2, WIDTH)).astype("float32")
    logits = ops.convert_to_numpy(layer(h, reverse=True))
    np.testing.assert_allclose(logits, h @ table.T, atol=1e-5)


@pytest.mark.parametrize("order", [None, ORDER], ids=["sorted", "in another order"])
@pytest.mark.parametrize("axis", [0, 1])
def test_frequent_words_of_a_band_are_fitted_better(order, axis):
    """The optimum of each band, by the singular values of its rows times the roots of counts."""
    rng = np.random.default_rng(5)
    table, counts = rng.normal(size=(WORDS, WIDTH)), rng.integers(1, 500, WORDS).astype(float)
    w = table if axis == 0 else table.T
    moments = SecondMoments(counts, None) if axis == 0 else SecondMoments(None, counts)
    bands = structures.FrequencyBands((10, 30), (None, 3), order=order, axis=axis, dtype="float64")
    error = dense(bands.fit(w, moments)) - w
    rest = (np.arange(WORDS) if order is None else order)[10:]
    values = np.linalg.svd(np.sqrt(counts[rest])[:, None] * table[rest], compute_uv=False)
    assert moments.cost(error) == pytest.approx(np.sum(values[3:] ** 2), rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (2, 3)}, "`sizes` and `ranks`, or `compression`"),
        ({"sizes": (2, 3), "ranks": (None, 1), "compression": 2}, "or `compression`"),
        ({"sizes": (2, 3), "ranks": (None,)}, "a rank, or None, for each band"),
        ({"sizes": (2, 0), "ranks": (None, 1)}, "`sizes` .* must be positive integers"),
        ({"sizes": (), "ranks": ()}, "`sizes` .* must be positive integers"),
        ({"sizes": (2, 3), "ranks": (None, 0)}, "`ranks` .* must be positive integers"),
        ({"sizes": (2, 3), "ranks": (None, 1.5)}, "`ranks` .* must be positive integers"),
        ({"axis": 2}, "`axis` .* must be 0, 1 or None"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        structures.FrequencyBands(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (10, 20), "ranks": (None, 2)}, r"add up to the 40 words.*add up to 30"),
        ({"sizes": (10, 30), "ranks": (None, 13)}, "`rank` of LowRank must be"),
        ({"compression": 2, "order": [1, 1, *range(2, 40)]}, "40 ids, 39 of them different"),
        ({"compression": 2, "order": range(39)}, "39 ids, 39 of them different"),
        ({"compression": 20}, r"compression <= 9\.23"),
    ],
)
def test_what_does_not_fit_the_matrix_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        structures.FrequencyBands(**arguments).build((WORDS, WIDTH))
