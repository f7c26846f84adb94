"""A product with a sparse matrix of which the file holds only the blocks that are not zero."""

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.export.passes.sparse_filter import SparseFilter
from lrkeras.export.products.product_costs import BLOCK_WIDTHS, INT8_BLOCKS

# tanh(z / 2^12) * 2^12 is z within 2e-4 of it up to |z| = 100.
_STEEPNESS = 2.0**12


class SparseProduct:
    """`x @ S`, traced as a dense product; a pass over the file then takes the zeros out of it.

    The int8 kernel is safe from XNNPACK only with a TANH behind it (`fuse_block_sparse`). Where
    none follows, one is put there that is steep enough to be a straight line. Float kernels are
    left to the runtime anyway.

    Args:
        weight: float32, (inputs, outputs).
        form: One of `product_costs.BLOCK_WIDTHS`.
    """

    def __init__(self, weight: np.ndarray, form: str):
        self.form = form
        self._padding = -len(weight) % BLOCK_WIDTHS[form]
        weight = np.pad(weight, ((0, self._padding), (0, 0))).astype(np.float32)
        if form == INT8_BLOCKS:
            weight = weight / np.float32(_STEEPNESS)
        self._weight = np.ascontiguousarray(weight.T)
        # The converter takes minutes over large constants, but not over variables.
        self._variable = keras.Variable(weight, trainable=False, dtype="float32")
        self._is_used = False

    def __call__(self, x: Any) -> Any:
        """Product with x (..., inputs) of known shape."""
        self._is_used = True
        batch = tuple(x.shape[:-1])
        rows = int(np.prod(batch))
        x = ops.reshape(x, (rows, x.shape[-1]))
        if self._padding:
            x = ops.concatenate([x, np.zeros((rows, self._padding), np.float32)], axis=-1)
        y = ops.matmul(x, self._variable)
        if self.form == INT8_BLOCKS:
            y = ops.tanh(y) * _STEEPNESS
        return ops.reshape(y, (*batch, self._weight.shape[0]))

    @property
    def filter(self) -> SparseFilter | None:
        """The filter whose zeros the file shall not hold; None if the product was not traced."""
        if not self._is_used:
            return None
        return SparseFilter(self._weight, BLOCK_WIDTHS[self.form], self.form == INT8_BLOCKS)
