import numpy as np
import pytest
from contract import StructureContract, dense
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrkeras import structures
from lrkeras.structures import factor_shapes


class TestKronecker(StructureContract):
    def make(self):
        return structures.Kronecker()

    def shape(self):
        return (24, 36)

    def test_is_the_kronecker_product(self):
        structure = self.built()
        left, right = (ops.convert_to_numpy(v)[0] for v in structure.weights)
        np.testing.assert_allclose(dense(structure).T, np.kron(left, right), atol=1e-15)

    def test_counts(self):
        """Algorithm 2: 36 = 9 x 4 and 24 = 4 x 6, the larger output with the smaller input."""
        structure = self.built()
        assert structure.factors == ((9, 4), (4, 6))
        assert structure.num_params == 9 * 4 + 4 * 6
        assert structure.macs == 4 * 6 * 4 + 4 * 4 * 9

    @pytest.mark.parametrize(
        "factors", [((5, 4), (7, 6)), ((9, 4), (4, 5)), ((36, 24), (2, 1)), ((24, 36), (1, 2))]
    )
    def test_factors_that_do_not_multiply_up_are_refused(self, factors):
        with pytest.raises(ValueError, match=r"must multiply up to 36 outputs x 24 inputs"):
            structures.Kronecker(factors=factors).build(self.shape())

    @pytest.mark.parametrize("factors", [((3, 4),), ((0, 4), (4, 6)), ((1, 2, 3), (4, 5))])
    def test_factors_that_are_not_two_pairs_are_refused(self, factors):
        with pytest.raises(ValueError, match="two pairs of positive integers"):
            structures.Kronecker(factors=factors)

    def test_factors_of_the_kernel_are_turned(self):
        structure = structures.Kronecker(factors=((4, 9), (6, 4)))
        structure.build(self.shape())
        assert structure.factors == ((9, 4), (4, 6))


class TestSumOfKroneckers(StructureContract):
    def make(self):
        return structures.Kronecker(terms=3)

    def shape(self):
        return (24, 36)

    @pytest.mark.usefixtures("float64_products")
    def test_fit_is_the_optimum_of_the_rearrangement(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        structure = self.make().copy(dtype="float64").from_dense(w)
        (m1, n1), (m2, n2) = structure.factors
        a = w.T.reshape(m1, m2, n1, n2).transpose(0, 2, 1, 3).reshape(m1 * n1, m2 * n2)
        lost = np.linalg.svd(a, compute_uv=False)[3:]
        error = np.linalg.norm(w - dense(structure))
        assert error == pytest.approx(np.sqrt(np.sum(lost**2)), rel=1e-12)

    def test_as_many_terms_as_the_smaller_factor_has_entries_are_exact(self):
        w = np.random.default_rng(0).normal(size=self.shape())
        structure = structures.Kronecker(terms=24, dtype="float64").from_dense(w)
        np.testing.assert_allclose(dense(structure), w, atol=1e-12)

    def test_compression_sets_the_terms(self):
        structure = structures.Kronecker(compression=4)
        structure.build(self.shape())
        assert structure.terms == 24 * 36 // 4 // 60


@pytest.mark.parametrize(
    ("matrix", "factors"),
    [
        # Published: the example of Algorithm 2, then the networks of the papers.
        ((154, 164), ((14, 4), (11, 41))),
        ((40, 68), ((8, 4), (5, 17))),
        ((118, 128), ((59, 8), (2, 16))),
        ((650, 1300), ((50, 20), (13, 65))),
        ((1500, 3000), ((60, 25), (25, 120))),
        ((200, 400), ((25, 16), (8, 25))),
        ((7, 5), ((7, 1), (1, 5))),
        ((1, 1), ((1, 1), (1, 1))),
    ],
)
def test_algorithm_2(matrix, factors):
    assert factor_shapes(*matrix) == factors


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000))
def test_algorithm_2_multiplies_up(outputs, inputs):
    (m1, n1), (m2, n2) = factor_shapes(outputs, inputs)
    assert (m1 * m2, n1 * n2) == (outputs, inputs)
    assert m1 >= m2
    assert n1 <= n2
