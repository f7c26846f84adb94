"""A product with a sparse matrix that stores only its blocks."""

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.export.passes.fuse_block_sparse import find_products, fuse_doped
from lrkeras.export.products.product_costs import BLOCK_WIDTHS, INT8_BLOCKS
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.sparse_tensor import store_sparse

# tanh(z / 2^12) * 2^12 is z within 2e-4 of it up to |z| = 100.
_STEEPNESS = 2.0**12
_SPARSE_FLOAT_VERSION = 8


class SparseProduct:
    """`x @ S`, traced as a dense product; `write` then takes the zeros out of the file.

    The int8 kernel is safe from XNNPACK only with a TANH behind it (see `doped_fusion`). Where
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
        self.weight = np.ascontiguousarray(weight.T)
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
        return ops.reshape(y, (*batch, self.weight.shape[0]))

    def write(self, file: ModelFile, per_channel: bool) -> None:
        """Puts the blocks into a file that was traced with this product, if it was."""
        if not self._is_used:
            return
        if self.form == INT8_BLOCKS:
            fuse_doped(file, self.weight, per_channel)
            return
        rows, columns = self.weight.shape
        blocks = self.weight.reshape(rows, -1, BLOCK_WIDTHS[self.form])
        kept = blocks.any(axis=2)
        segments = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
        for _ in file.each_graph():
            for node in find_products(file, self.weight):
                parts = (blocks[kept], segments, np.nonzero(kept)[1])
                store_sparse(file, int(node.inputs[1]), (rows, columns), *parts)
                file.set_op(node, "FULLY_CONNECTED", _SPARSE_FLOAT_VERSION)
