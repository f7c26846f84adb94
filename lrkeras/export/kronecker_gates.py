"""The Kronecker products of all gates in two matrix products."""

from typing import Any

import numpy as np
from keras import ops

from lrkeras.structures import Kronecker


class KroneckerGates:
    """`[(A_1 (x) B_1) v; (A_2 (x) B_2) v; ...]` for gates with factors of the same shapes.

    With V = reshape(v, (n1, n2)) each gate is `A V B^T`. The left factors of all gates and terms
    are stacked into one filter over V^T, and the right ones make one batched product, whose
    contraction also sums the terms.

    Args:
        gates: A built `Kronecker` for each gate.
        scale: float, (outputs of all gates,): factor of each output, equal within a gate.
    """

    def __init__(self, gates: list[Kronecker], scale: np.ndarray):
        left = np.stack([ops.convert_to_numpy(gate.left) for gate in gates])
        right = np.stack([ops.convert_to_numpy(gate.right) for gate in gates])
        count, terms, m1, n1 = left.shape
        m2, n2 = right.shape[2:]
        left = left * scale.reshape(count, -1)[:, :1, None, None]
        self._shape = (count, terms, m1, n1, m2, n2)
        # Columns ordered (gate, m1, term), so that a reshape brings the terms next to n2.
        self._left = left.transpose(3, 0, 2, 1).reshape(n1, -1).astype(np.float32)
        self._right = right.transpose(0, 1, 3, 2).reshape(count, terms * n2, m2)
        self._right = np.ascontiguousarray(self._right, np.float32)

    def __call__(self, v: Any) -> Any:
        """Product with v (1, n1 * n2): (1, outputs of all gates)."""
        count, terms, m1, n1, m2, n2 = self._shape
        stacked = ops.matmul(ops.transpose(ops.reshape(v, (n1, n2))), self._left)
        stacked = ops.reshape(ops.transpose(stacked), (count, m1, terms * n2))
        return ops.reshape(ops.matmul(stacked, self._right), (1, count * m1 * m2))
