"""The Kronecker products of all gates against `numpy.kron` in float64."""

import numpy as np
import pytest

from lrkeras import structures
from lrkeras.export.products.kronecker_gates import KroneckerGates


def _gate(rng, factors, terms):
    (m1, n1), (m2, n2) = factors
    gate = structures.Kronecker(factors=factors, terms=terms)
    gate.build((n1 * n2, m1 * m2))
    gate.left.assign(rng.normal(size=(terms, m1, n1)))
    gate.right.assign(rng.normal(size=(terms, m2, n2)))
    return gate


@pytest.mark.parametrize("terms", [1, 3])
@pytest.mark.parametrize(
    "factors", [((7, 2), (3, 5)), ((2, 7), (5, 3)), ((3, 4), (4, 3)), ((1, 6), (5, 1))], ids=str
)
def test_is_the_product_with_numpys_kron(factors, terms):
    rng = np.random.default_rng(0)
    gates = [_gate(rng, factors, terms) for _ in range(4)]
    outputs = factors[0][0] * factors[1][0]
    scale = np.repeat([0.5, 0.5, 1.0, 0.25], outputs).astype("float32")
    v = rng.normal(size=(1, factors[0][1] * factors[1][1])).astype("float32")
    expected = [
        sum(
            np.kron(a.astype("float64"), b)
            for a, b in zip(np.array(gate.left), np.array(gate.right), strict=True)
        )
        @ v[0]
        for gate in gates
    ]
    actual = np.array(KroneckerGates(gates, scale)(v))
    np.testing.assert_allclose(actual[0], np.concatenate(expected) * scale, rtol=1e-5, atol=1e-5)
