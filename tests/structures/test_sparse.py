import keras
import numpy as np
import pytest
from contract import StructureContract, dense
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrkeras import structures


class TestUnstructured(StructureContract):
    def make(self):
        return structures.Sparse(density=0.2)

    def shape(self):
        return (18, 25)

    def test_fit_keeps_the_largest_entries(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        fitted = dense(self.make().copy(dtype="float64").from_dense(w))
        threshold = np.sort(np.abs(w), axis=None)[-90]
        np.testing.assert_array_equal(fitted, np.where(np.abs(w) >= threshold, w, 0))

    def test_starts_dense_and_prunes_to_exactly_its_density(self):
        structure = self.built()
        assert structure.sparsity == 0
        assert not structure.is_at_target
        structure.prune(0.5)
        assert structure.kept_blocks == 225
        structure.prune()
        assert structure.is_at_target
        assert structure.kept_blocks == structure.num_params == round(0.2 * 18 * 25) == 90
        assert np.count_nonzero(ops.convert_to_numpy(structure.values)) == 90

    def test_ties_are_broken_and_the_count_still_is_exact(self):
        structure = self.built()
        structure.values.assign(np.ones(self.shape()))
        structure.prune()
        assert structure.kept_blocks == 90

    def test_masked_entries_have_no_gradient(self):
        layer_in = keras.Input((18,))
        from lrkeras import layers

        layer = layers.Dense(25, kernel_structure=self.make(), use_bias=False)
        model = keras.Model(layer_in, layer(layer_in))
        layer.kernel_structure.prune()
        before = ops.convert_to_numpy(layer.kernel_structure.values)
        model.compile(keras.optimizers.SGD(1.0), "mse")
        x = np.random.default_rng(0).normal(size=(8, 18)).astype("float32")
        model.train_on_batch(x, np.ones((8, 25), "float32"))
        after = ops.convert_to_numpy(layer.kernel_structure.values)
        mask = ops.convert_to_numpy(layer.kernel_structure.mask)
        assert (after[mask] != before[mask]).all()
        np.testing.assert_array_equal(after[~mask], 0)

    def test_bytes_with_indices(self):
        """90 values, a one-byte column index for each, 25 + 1 one-byte row offsets."""
        structure = self.built()
        assert structure.num_bytes("float32", with_indices=False) == 4 * 90
        assert structure.num_bytes("float32") == 4 * 90 + 90 + 26

    @pytest.mark.parametrize("density", [0, -0.1, 1.5])
    def test_density_out_of_range_is_refused(self, density):
        with pytest.raises(ValueError, match=r"in \(0, 1\]"):
            structures.Sparse(density=density)

    def test_density_and_compression_together_are_refused(self):
        with pytest.raises(ValueError, match="not both"):
            structures.Sparse(density=0.1, compression=3)

    def test_unreachable_compression_is_refused(self):
        with pytest.raises(ValueError, match="cannot bring a matrix"):
            structures.Sparse(compression=1000).build(self.shape())


class TestBlocks(StructureContract):
    def make(self):
        return structures.Sparse(density=0.25, block=(1, 4))

    def shape(self):
        return (20, 12)

    def test_keeps_whole_blocks_of_one_output_by_four_inputs(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        fitted = dense(self.make().copy(dtype="float64").from_dense(w))
        blocks = (fitted != 0).reshape(5, 4, 12).sum(axis=1)
        assert set(blocks.ravel()) == {0, 4}
        assert np.sum(blocks == 4) == 15
        energy = np.square(w).reshape(5, 4, 12).sum(axis=1)
        assert energy[blocks == 4].min() > energy[blocks == 0].max()

    @pytest.mark.parametrize("block", [(1, 16), (5, 4), (7, 1)])
    def test_block_that_does_not_divide_is_refused(self, block):
        with pytest.raises(ValueError, match="must divide the matrix of 12 outputs x 20 inputs"):
            structures.Sparse(density=0.5, block=block).build(self.shape())

    @pytest.mark.parametrize("block", [(0, 4), (4,), (1, 2, 3), (1.5, 2)])
    def test_block_that_is_not_two_positive_integers_is_refused(self, block):
        with pytest.raises(ValueError, match="two positive integers"):
            structures.Sparse(density=0.5, block=block)

    def test_unknown_padding_is_refused(self):
        with pytest.raises(ValueError, match='"valid" or "same"'):
            structures.Sparse(density=0.5, padding="full")


class TestPartialBlocks(StructureContract):
    padded = 3 * 12

    def make(self):
        return structures.Sparse(density=0.25, block=(2, 4), padding="same")

    def shape(self):
        return (21, 12)

    def test_last_block_of_inputs_may_be_partial_but_not_of_outputs(self):
        assert self.built().mask.shape == (6, 6)
        with pytest.raises(ValueError, match="must divide"):
            structures.Sparse(density=0.5, block=(5, 4), padding="same").build(self.shape())


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 1), st.integers(2, 30), st.integers(2, 30))
def test_density_is_met_exactly(density, inputs, outputs):
    structure = structures.Sparse(density=density)
    structure.build((inputs, outputs))
    structure.prune()
    # The nearest whole number; halves may go either way, as the product itself is rounded.
    wanted = density * (inputs * outputs)
    assert structure.kept_blocks == 1 or abs(structure.kept_blocks - wanted) <= 0.5 + 1e-9
    assert structure.kept_blocks <= max(1, wanted + 0.5 + 1e-9)
