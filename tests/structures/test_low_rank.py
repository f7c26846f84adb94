import numpy as np
import pytest
from contract import StructureContract, dense
from hypothesis import given, settings
from hypothesis import strategies as st

from lrkeras import structures
from lrkeras.structures.truncated_svd import truncated_svd


class TestLowRank(StructureContract):
    def make(self):
        return structures.LowRank(rank=4)

    def shape(self):
        return (18, 24)

    @pytest.mark.usefixtures("float64_products")
    def test_fit_is_the_eckart_young_optimum(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        fitted = dense(self.make().copy(dtype="float64").from_dense(w))
        lost = np.linalg.svd(w, compute_uv=False)[4:]
        assert np.linalg.norm(w - fitted) == pytest.approx(np.sqrt(np.sum(lost**2)), rel=1e-12)

    def test_full_rank_reproduces_the_matrix(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        fitted = structures.LowRank(rank=18, dtype="float64").from_dense(w)
        np.testing.assert_allclose(dense(fitted), w, atol=1e-12)

    def test_counts(self):
        structure = self.built()
        assert structure.num_params == structure.macs == 4 * (18 + 24)

    @pytest.mark.parametrize("rank", [0, -1, 19, 2.5])
    def test_rank_out_of_range_is_refused(self, rank):
        with pytest.raises(ValueError, match="`rank` of LowRank must be"):
            structures.LowRank(rank=rank).build(self.shape())

    def test_rank_and_compression_together_are_refused(self):
        with pytest.raises(ValueError, match="not both"):
            structures.LowRank(rank=2, compression=3)

    @pytest.mark.parametrize("compression", [1, 0.5, -3, float("nan"), float("inf")])
    def test_compression_must_be_above_one(self, compression):
        with pytest.raises(ValueError, match="must be a number above 1"):
            structures.LowRank(compression=compression)

    def test_unreachable_compression_names_the_nearest(self):
        with pytest.raises(ValueError, match=r"compression <= 10\.285"):
            structures.LowRank(compression=11).build(self.shape())
        structures.LowRank(compression=10.285).build(self.shape())


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 120), st.integers(8, 120), st.floats(1.1, 6), st.integers(0, 60))
def test_compression_gives_the_largest_rank_that_is_small_enough(inputs, outputs, times, overhead):
    structure = structures.LowRank(compression=times)
    wanted = (inputs * outputs + overhead) / times - overhead
    best = int(np.floor(wanted / (inputs + outputs) + 1e-12))
    if best < 1:
        with pytest.raises(ValueError, match="times smaller"):
            structure.build((inputs, outputs), overhead)
    else:
        structure.build((inputs, outputs), overhead)
        assert structure.rank == min(best, inputs, outputs)


@pytest.mark.parametrize("shape", [(300, 700), (700, 300), (280, 280)])
@pytest.mark.parametrize("rank", [1, 20, 260])
def test_large_matrices_have_the_same_optimum(shape, rank):
    w = np.random.default_rng(0).normal(size=shape)
    left, right = truncated_svd(w, rank)
    assert left.shape == (shape[0], rank) and right.shape == (rank, shape[1])
    tail = np.linalg.svd(w, compute_uv=False)[rank:]
    assert np.linalg.norm(w - left @ right) == pytest.approx(np.linalg.norm(tail), rel=1e-10)
    norms = np.linalg.norm(left, axis=0), np.linalg.norm(right, axis=1)
    np.testing.assert_allclose(*norms, rtol=1e-6)  # even


def test_large_matrix_of_low_rank_is_found_again():
    rng = np.random.default_rng(0)
    w = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 300))
    for rank in (5, 9):
        left, right = truncated_svd(w, rank)
        assert np.linalg.norm(w - left @ right) < 1e-7 * np.linalg.norm(w)
    left, right = truncated_svd(np.zeros((300, 300)), 2)
    assert not left.any() and np.isfinite(right).all()
