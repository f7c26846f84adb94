"""The Kronecker products of all gates in two matrix products."""

from typing import Any

import numpy as np
from keras import ops

from lrkeras.structures import Kronecker


class KroneckerGates:
    """`[(A_1 (x) B_1) v; (A_2 (x) B_2) v; ...]` for gates with factors of the same shapes.

    With V = reshape(v, (n1, n2)) each gate is `A V B^T`. One product is with the stacked factors
    of all gates and terms; the other is batched over the gates, and its contraction also sums the
    terms. Whichever of `V B^T` and `A V` takes fewer multiplications in all comes first.

    Args:
        gates: A built `Kronecker` for each gate.
        scale: float, (outputs of all gates,): factor of each output, equal within a gate.
    """

    def __init__(self, gates: list[Kronecker], scale: np.ndarray):
        left = np.stack([ops.convert_to_numpy(gate.left) for gate in gates])
        right = np.stack([ops.convert_to_numpy(gate.right) for gate in gates])
        count, _, m1, n1 = left.shape
        m2, n2 = right.shape[2:]
        self._shape = (count, m1, n1, m2, n2)
        left = left * scale.reshape(count, -1)[:, :1, None, None]
        self._right_first = n1 * m2 * (n2 + m1) <= n2 * m1 * (n1 + m2)
        first, second = (right, left) if self._right_first else (left, right)
        self._first, self._second = _stacked(first), _per_gate(second)

    def __call__(self, v: Any) -> Any:
        """Product with v (1, n1 * n2): (1, outputs of all gates)."""
        count, m1, n1, m2, n2 = self._shape
        v = ops.reshape(v, (n1, n2))
        rows = m2
        if not self._right_first:
            v, rows = ops.transpose(v), m1
        inner = ops.reshape(ops.transpose(ops.matmul(v, self._first)), (count, rows, -1))
        gates = ops.matmul(inner, self._second)
        if self._right_first:
            gates = ops.transpose(gates, (0, 2, 1))
        return ops.reshape(gates, (1, count * m1 * m2))


def _stacked(factors: np.ndarray) -> np.ndarray:
    """(gates, terms, m, n) -> (n, gates * m * terms): the terms of an output side by side."""
    stacked = factors.transpose(3, 0, 2, 1).reshape(factors.shape[3], -1)
    return np.ascontiguousarray(stacked, np.float32)


def _per_gate(factors: np.ndarray) -> np.ndarray:
    """(gates, terms, m, n) -> (gates, terms * n, m)."""
    gates, _, m, _ = factors.shape
    return np.ascontiguousarray(factors.transpose(0, 1, 3, 2).reshape(gates, -1, m), np.float32)
