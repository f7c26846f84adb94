from contract import StructureContract

from lrkeras import structures


class TestDense(StructureContract):
    def make(self):
        return structures.Dense()

    def shape(self):
        return (18, 24)

    def test_counts(self):
        structure = self.built()
        assert structure.num_params == structure.macs == 18 * 24
