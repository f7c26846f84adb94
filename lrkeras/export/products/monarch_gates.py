"""The Monarch products of all gates in two batched matrix products."""

from typing import Any

import numpy as np
from keras import ops

from lrkeras.structures import Monarch


class MonarchGates:
    """Products with the Monarch matrices of all gates, which are of one shape.

    Their first factors lie side by side and their second ones above each other, so that all of
    them together are one Monarch matrix with more blocks of outputs.

    Args:
        gates: A built `Monarch` for each gate, with the same blocks and rank.
        scale: float, (outputs of all gates,): factor of each output, equal within a gate.
    """

    def __init__(self, gates: list[Monarch], scale: np.ndarray):
        first, second = (
            [ops.convert_to_numpy(getattr(gate, name)) for gate in gates]
            for name in ("first", "second")
        )
        scales = scale.reshape(len(gates), -1)[:, 0]
        self._first = np.concatenate(first, axis=2)
        self._second = np.concatenate([w * s for w, s in zip(second, scales, strict=True)])
        n1, n2, _ = self._first.shape
        self._shape = (len(gates), n1, n2, self._second.shape[2], gates[0].rank)

    def __call__(self, v: Any) -> Any:
        """Product with v (1, inputs): (1, outputs of all gates)."""
        count, n1, n2, m1, rank = self._shape
        z = ops.matmul(ops.reshape(v, (n1, 1, n2)), self._first)
        z = ops.transpose(ops.reshape(z, (n1, -1, rank)), (1, 0, 2))
        y = ops.matmul(ops.reshape(z, (-1, 1, n1 * rank)), self._second)
        y = ops.transpose(ops.reshape(y, (count, -1, m1)), (0, 2, 1))
        return ops.reshape(y, (1, -1))
