import numpy as np
import pytest
from contract import StructureContract, dense
from keras import ops

from lrkeras import structures


class TestHybrid(StructureContract):
    def make(self):
        return structures.Hybrid(rank=5)

    def shape(self):
        return (15, 24)

    def test_is_the_papers_matrix(self):
        """A = [A' ; [B C | D E]], with the columns of the input split in two (odd: 7 and 8)."""
        structure = self.built()
        upper, columns, lower = (ops.convert_to_numpy(v) for v in structure.weights)
        a = np.zeros((24, 15))
        a[:5] = upper.T
        a[5:, :7] = np.outer(lower[0], columns[:7])
        a[5:, 7:] = np.outer(lower[1], columns[7:])
        np.testing.assert_allclose(dense(structure), a.T, atol=1e-15)

    def test_fit_is_the_least_squares_optimum(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        error = np.linalg.norm(w - dense(self.make().copy(dtype="float64").from_dense(w)))
        first = np.linalg.svd(w[:7, 5:], compute_uv=False)[1:]
        second = np.linalg.svd(w[7:, 5:], compute_uv=False)[1:]
        assert error == pytest.approx(np.sqrt(np.sum(first**2) + np.sum(second**2)), rel=1e-12)

    def test_twice_the_rank_of_low_rank_at_equal_size(self):
        """256 x 256, half the parameters: rank 128 where low rank has 64 (HMD paper, sect. 5)."""
        w = np.random.default_rng(0).normal(size=(256, 256))
        hybrid = structures.Hybrid(rank=126, dtype="float64").from_dense(w)
        low_rank = structures.LowRank(rank=64, dtype="float64").from_dense(w)
        assert np.linalg.matrix_rank(dense(hybrid)) == 128
        assert np.linalg.matrix_rank(dense(low_rank)) == 64
        assert (hybrid.num_params, low_rank.num_params) == (32_772, 32_768)

    def test_compression_is_never_below_what_was_asked(self):
        """126 rows would be 32,772 of 65,536: 1.9998 times smaller, not 2."""
        hybrid = structures.Hybrid(compression=2)
        hybrid.build((256, 256))
        assert hybrid.rank == 125
        assert 256 * 256 / hybrid.num_params >= 2

    @pytest.mark.parametrize("rank", [0, 24, 100])
    def test_rank_out_of_range_is_refused(self, rank):
        with pytest.raises(ValueError, match="`rank` of Hybrid must be"):
            structures.Hybrid(rank=rank).build(self.shape())

    def test_a_single_output_is_refused(self):
        with pytest.raises(ValueError, match="Hybrid"):
            structures.Hybrid(rank=1).build((4, 1))
