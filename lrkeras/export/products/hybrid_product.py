"""Products with hybrid matrices in two nodes."""

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.structures import Hybrid


class HybridProduct:
    """`v @ W` for a hybrid matrix.

    The unconstrained outputs and the two numbers that the others are made of, one for each half
    of the input, are one product: the column of a half has zeros over the other one, which costs
    `inputs` numbers and saves a slice and a product for each half.

    Args:
        structure: A built `Hybrid`.
    """

    def __init__(self, structure: Hybrid):
        upper, columns = (
            np.asarray(ops.convert_to_numpy(w), np.float32)
            for w in (structure.upper, structure.columns)
        )
        first = np.arange(len(columns)) < structure.half
        halves = columns[:, None] * np.stack([first, ~first], axis=1)
        both = np.concatenate([upper, halves], axis=1).astype(np.float32)
        self._rank = upper.shape[1]
        self._both = keras.Variable(both, trainable=False, dtype="float32")
        self._lower = structure.lower

    def __call__(self, v: Any) -> Any:
        """Product with v (..., inputs)."""
        upper, halves = ops.split(ops.matmul(v, self._both), [self._rank], axis=-1)
        return ops.concatenate([upper, ops.matmul(halves, self._lower)], axis=-1)
