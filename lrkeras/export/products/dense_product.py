"""Products with the dense matrix of a structure."""

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.structures import Structure


class DenseProduct:
    """The products of a structure, computed with its dense matrix.

    Args:
        structure: A built structure.
    """

    def __init__(self, structure: Structure):
        dense = np.asarray(ops.convert_to_numpy(structure.to_dense()), np.float32)
        # The converter takes minutes over large constants, but not over variables.
        self._matrix = keras.Variable(dense, trainable=False, dtype="float32")

    def matmul(self, x: Any) -> Any:
        """Product with x (..., inputs)."""
        return ops.matmul(x, self._matrix)

    def matmul_transpose(self, y: Any) -> Any:
        """Product of y (..., outputs) with the transpose."""
        return ops.matmul(y, ops.transpose(self._matrix))

    def rows(self, ids: Any) -> Any:
        """Rows of the matrix."""
        return ops.take(self._matrix, ids, axis=0)
