import keras
import numpy as np
import pytest
from contract import StructureContract, dense
from keras import ops

from lrkeras import structures


class TestConcatenated(StructureContract):
    def make(self):
        return structures.Concatenated(structures.LowRank(rank=2), 3)

    def shape(self):
        return (18, 24)

    def test_parts_stand_side_by_side(self):
        structure = self.built()
        parts = [dense(p) for p in structure.parts]
        np.testing.assert_array_equal(dense(structure), np.concatenate(parts, axis=1))
        assert not np.array_equal(parts[0], parts[1])

    def test_hybrid_parts_multiply_side_by_side(self):
        keras.utils.set_random_seed(0)
        structure = structures.Concatenated(structures.Hybrid(rank=3), 4, dtype="float64")
        structure.build((18, 24))
        x = np.random.default_rng(0).normal(size=(5, 18))
        with structure.shared_work(training=True):
            for first, last in ((0, 18), (0, 7), (7, 18)):
                y = structure.product_of_rows(first, last)(x[:, first:last])
                expected = x[:, first:last] @ dense(structure)[first:last]
                np.testing.assert_allclose(ops.convert_to_numpy(y), expected, atol=1e-12)

    def test_width_must_divide(self):
        with pytest.raises(ValueError, match="3 parts of equal width"):
            structures.Concatenated(structures.LowRank(rank=2), 3).build((18, 25))
