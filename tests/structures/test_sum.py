import keras
import numpy as np
import pytest
from contract import StructureContract, dense
from keras import ops

from lrkeras import layers, structures


class TestDopedKronecker(StructureContract):
    fit_slack = 0.02  # alternating fit: a local optimum of the joint problem

    def make(self):
        return structures.doped(structures.Kronecker(), density=0.1)

    def shape(self):
        return (24, 36)

    def test_is_the_sum_of_its_parts(self):
        structure = self.built()
        parts = [dense(p) for p in structure.parts]
        np.testing.assert_allclose(dense(structure), sum(parts), atol=1e-15)

    def test_fit_is_better_than_either_part_alone(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        errors = [
            np.linalg.norm(w - dense(s.copy(dtype="float64").from_dense(w)))
            for s in (self.make(), structures.Kronecker(), structures.Sparse(density=0.1))
        ]
        assert errors[0] < min(errors[1:])

    def test_compression_counts_both_parts_and_the_overhead(self):
        """20 times: (24 * 36 + 36) / 20 = 45 numbers, of which 60 would be the factors."""
        with pytest.raises(ValueError, match="cannot bring"):
            structures.doped("kronecker", compression=20).build(self.shape(), overhead=36)
        structure = structures.doped("kronecker", compression=5)
        structure.build(self.shape(), overhead=36)
        assert structure.num_params == (24 * 36 + 36) // 5 - 36

    def test_masks_drop_outputs_of_the_parts_independently(self):
        structure = self.built()
        structure.dropout_rate.assign(0.4)
        first, second = (dense(p) for p in structure.parts)
        seen = []
        for _ in range(200):
            w = dense(structure, training=True)
            for column in range(36):
                options = {
                    (a, b): first[:, column] * a / 0.6 + second[:, column] * b / 0.6
                    for a in (0, 1)
                    for b in (0, 1)
                }
                matches = [k for k, v in options.items() if np.allclose(w[:, column], v)]
                assert len(matches) == 1
                seen.append(matches[0])
        kept = np.array(seen)
        assert kept.mean(axis=0) == pytest.approx([0.6, 0.6], abs=0.02)
        assert np.corrcoef(kept.T)[0, 1] == pytest.approx(0, abs=0.05)

    def test_no_noise_at_inference_or_at_rate_zero(self):
        structure = self.built()
        np.testing.assert_array_equal(dense(structure, training=True), dense(structure))
        structure.dropout_rate.assign(0.4)
        np.testing.assert_array_equal(dense(structure), sum(dense(p) for p in structure.parts))


class TestDopedLowRankInBlocks(StructureContract):
    fit_slack = 0.02
    padded = 3 * 36

    def make(self):
        return structures.doped(structures.LowRank(rank=2), density=0.1, block=(1, 4))

    def shape(self):
        return (25, 36)


class TestDopedHybrid(StructureContract):
    fit_slack = 0.02

    def make(self):
        return structures.doped("hybrid", compression=3)

    def shape(self):
        return (25, 36)

    def exact(self):
        """The alternating fit need not find a sparse part of equal size in a given sum."""
        return dense(self.built().parts[0])


class TestSumOfThree(StructureContract):
    fit_slack = 0.05

    def make(self):
        return structures.LowRank(rank=1) + structures.Kronecker() + structures.LowRank(rank=1)

    def shape(self):
        return (24, 36)

    def exact(self):
        return np.zeros(self.shape())

    def test_sums_are_flat(self):
        assert [type(p).__name__ for p in self.make().parts] == ["LowRank", "Kronecker", "LowRank"]


def test_the_papers_non_zero_counts():
    """PTB medium, per gate 650 x 1300 with its 650 biases (papers: 25x has 125,324 non-zeros)."""
    for compression, per_layer in ((20, 159_150), (25, 125_324), (100, 23_846)):
        structure = structures.doped("kronecker", compression=compression)
        structure.build((1300, 650), overhead=650)
        assert structure.num_params - 1845 == per_layer // 4


def test_indices_cost_a_third_of_25_times():
    """25 times is 16.9 with indices (16-bit columns, 32-bit row offsets and values)."""
    structure = structures.doped("kronecker", compression=25)
    structure.build((1300, 4 * 650), overhead=4 * 650)
    dense_bytes = 4 * (1300 * 2600 + 2600)
    biases = 4 * 2600
    without = dense_bytes / (structure.num_bytes(with_indices=False) + biases)
    assert without == pytest.approx(25, abs=0.01)


def test_doped_needs_one_size():
    for arguments in ({}, {"density": 0.1, "compression": 4}):
        with pytest.raises(ValueError, match="either `density` or `compression`"):
            structures.doped("kronecker", **arguments)
    with pytest.raises(ValueError, match="needs a structure"):
        structures.doped(None, density=0.1)


def test_adding_something_else_is_refused():
    with pytest.raises(TypeError):
        structures.LowRank(rank=1) + 3
    with pytest.raises(ValueError, match="at least two"):
        structures.Sum([structures.LowRank(rank=1)])


def test_noise_is_seeded():
    def draw():
        structure = structures.Sum(
            [structures.LowRank(rank=1), structures.Sparse(density=0.5)], seed=7
        )
        structure.build((6, 8))
        structure.dropout_rate.assign(0.5)
        structure.parts[0].left.assign(np.ones((6, 1)))
        structure.parts[0].right.assign(np.ones((1, 8)))
        structure.parts[1].values.assign(np.ones((6, 8)))
        return ops.convert_to_numpy(structure.to_dense(training=True))

    np.testing.assert_array_equal(draw(), draw())


def test_state_of_the_noise_is_saved(tmp_path):
    """A model that was saved and loaded goes on with the masks the first one would have drawn."""

    def build():
        spec = structures.doped("low_rank", density=0.3)
        layer = layers.Dense(8, kernel_structure=spec)
        return keras.Sequential([keras.Input((6,)), layer]), layer

    model, layer = build()
    layer.kernel_structure.dropout_rate.assign(0.5)
    dense(layer.kernel_structure, training=True)
    model.save_weights(tmp_path / "m.weights.h5")
    other, second = build()
    other.load_weights(tmp_path / "m.weights.h5")
    for _ in range(3):
        first_draw = dense(layer.kernel_structure, training=True)
        np.testing.assert_array_equal(first_draw, dense(second.kernel_structure, training=True))


def test_what_a_structure_is_made_of():
    doped = structures.doped(structures.Kronecker(terms=2), density=0.1)
    assert [type(s).__name__ for s in doped.summands()] == ["Kronecker", "Sparse"]
    gates = structures.Concatenated(doped, 4)
    assert [type(s).__name__ for s in gates.column_blocks()] == ["Sum"] * 4
    assert gates.summands() == [gates] and doped.column_blocks() == [doped]
