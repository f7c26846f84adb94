import keras
import numpy as np
import pytest
from contract import StructureContract, dense
from keras import ops

from lrkeras import structures


class TestMonarch(StructureContract):
    def make(self):
        return structures.Monarch()

    def shape(self):
        return (16, 24)

    def test_is_block_diagonal_permutation_block_diagonal(self):
        """The definition, multiplied out: 16 -> 4 blocks -> permutation -> 4 blocks."""
        structure = self.built()
        assert structure.blocks == (4, 4)
        first, second = (ops.convert_to_numpy(v) for v in structure.weights)
        right = np.zeros((16, 16))
        left = np.zeros((16, 24))
        for i in range(4):
            right[4 * i : 4 * i + 4, 4 * i : 4 * i + 4] = first[i]
        for b in range(4):
            # Block b mixes entry b of every block of `right` into the outputs a * 4 + b.
            for i in range(4):
                left[4 * i + b, b::4] = second[b, i]
        np.testing.assert_allclose(dense(structure), right @ left, atol=1e-14)

    def test_as_few_multiplications_as_parameters(self):
        structure = self.built()
        assert structure.num_params == structure.macs == 4 * 4 * 4 + 4 * 4 * 6

    @pytest.mark.usefixtures("float64_products")
    def test_fit_is_the_optimum_of_every_block(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        error = np.linalg.norm(w - dense(self.make().copy(dtype="float64").from_dense(w)))
        lost = 0.0
        for i in range(4):
            for b in range(4):
                block = w[4 * i : 4 * i + 4, b::4]
                lost += np.sum(np.linalg.svd(block, compute_uv=False)[1:] ** 2)
        assert error == pytest.approx(np.sqrt(lost), rel=1e-12)

    def test_one_block_is_low_rank(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        monarch = structures.Monarch(rank=3, blocks=(1, 1), dtype="float64").from_dense(w)
        low_rank = structures.LowRank(rank=3, dtype="float64").from_dense(w)
        np.testing.assert_allclose(dense(monarch), dense(low_rank), atol=1e-12)

    def test_more_compression_than_the_blocks_near_the_roots_reach(self):
        """320 x 256: 16 x 16 blocks have 9,216 numbers at rank 1, an eighth of the matrix."""
        near_root = structures.Monarch()
        near_root.build((320, 256))
        assert near_root.blocks == (16, 16)
        sizes = {}
        for ratio in (2, 4, 5, 8, 10, 20, 40, 95):
            structure = structures.Monarch(compression=ratio)
            structure.build((320, 256), overhead=256)
            assert structure.num_params + 256 <= (320 * 256 + 256) / ratio
            sizes[ratio] = (structure.rank, structure.blocks)
            copy = structures.get(keras.saving.serialize_keras_object(structure))
            copy.build((320, 256), overhead=256)
            assert (copy.rank, copy.blocks) == sizes[ratio]
        assert sizes[4] == (2, (16, 16))
        # 320 * 4 + 256 * 8 + 256 biases: 23 times smaller than the matrix with its biases.
        assert sizes[20] == (1, (8, 4))
        assert sizes[95] == (1, (1, 1))

    def test_more_compression_than_there_is(self):
        # (320 * 256) / (320 + 256)
        with pytest.raises(ValueError, match=r"compression <= 142\.222"):
            structures.Monarch(compression=143).build((320, 256))
        with pytest.raises(ValueError, match=r"8\.889 times smaller"):
            structures.Monarch(compression=10, blocks=(16, 16)).build((320, 256))

    @pytest.mark.parametrize("blocks", [(3, 4), (4, 5), (0, 4), (4,)])
    def test_blocks_that_do_not_divide_are_refused(self, blocks):
        with pytest.raises(ValueError, match="one dividing the inputs"):
            structures.Monarch(blocks=blocks).build(self.shape())


class TestMonarchOfRankTwo(StructureContract):
    def make(self):
        return structures.Monarch(rank=2, blocks=(2, 3))

    def shape(self):
        return (16, 24)
