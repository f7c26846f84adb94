import numpy as np
import pytest
from contract import StructureContract, dense

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

    def test_width_must_divide(self):
        with pytest.raises(ValueError, match="3 parts of equal width"):
            structures.Concatenated(structures.LowRank(rank=2), 3).build((18, 25))
