"""Low-rank matrix factorisation (LMF)."""

import keras
import numpy as np
from keras import ops

from lrkeras.structures.structure import Structure


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class LowRank(Structure):
    """`W = L R` with `L` of shape `(inputs, rank)` and `R` of shape `(rank, outputs)`.

    `rank * (inputs + outputs)` parameters; `from_dense` is the truncated SVD (Eckart-Young
    optimum). Winata et al. 2019 (arXiv 1908.09982), sect. 3.

    Args:
        rank: Integer from 1 to `min(inputs, outputs)`. Default: an eighth of the smaller side.
        compression: Instead of `rank`; see `Structure`.
    """

    size_argument = "rank"
    multiplies_by_factor = True

    def __init__(self, rank=None, **kwargs):
        super().__init__(**kwargs)
        self._set_size(rank)

    def _params_at(self, size):
        return size * sum(self.shape)

    def _largest_size(self):
        return min(self.shape)

    def _create_weights(self, init):
        inputs, outputs = self.shape
        left, right = init.product(terms=self.rank)
        self.left = self.add_weight(shape=(inputs, self.rank), name="left", initializer=left)
        self.right = self.add_weight(shape=(self.rank, outputs), name="right", initializer=right)

    def matmul(self, x, training=False):
        return ops.matmul(ops.matmul(x, self.left), self.right)

    def matmul_transpose(self, y):
        return ops.matmul(ops.matmul(y, ops.transpose(self.right)), ops.transpose(self.left))

    def rows(self, ids):
        return ops.matmul(ops.take(self.left, ids, axis=0), self.right)

    def to_dense(self, training=False):
        return ops.matmul(self.left, self.right)

    def _fit(self, w):
        left, right = truncated_svd(w, self.rank)
        self.left.assign(left)
        self.right.assign(right)


# Above this size the decomposition is found from the Gram matrix, up to 40 times faster.
_SMALL_SIDE = 256


def truncated_svd(w, rank):
    """The best rank-`rank` factors of `w`: `(left, right)`, singular values split evenly.

    Works on stacks: `w` of shape `(..., n, m)` gives `(..., n, rank)` and `(..., rank, m)`.
    """
    if w.ndim == 2 and min(w.shape) > _SMALL_SIDE:
        if w.shape[0] < w.shape[1]:
            right, left = _from_gram(w.T, rank)
            return left.T, right.T
        return _from_gram(w, rank)
    u, s, vt = np.linalg.svd(w, full_matrices=False)
    root = np.sqrt(s[..., :rank])
    return u[..., :, :rank] * root[..., None, :], root[..., :, None] * vt[..., :rank, :]


def _from_gram(w, rank):
    """For `w` with no fewer rows than columns: the product is `w v v^T`, `v` orthonormal.

    The vectors of the largest eigenvalues of `w^T w` are as good as those of an SVD here: an error
    of one in the last digits of the eigenvalues moves the product by as little.
    """
    values, vectors = np.linalg.eigh(w.T @ w)
    v = vectors[:, : -rank - 1 : -1]
    s = np.sqrt(np.maximum(values[: -rank - 1 : -1], 0))
    root = np.sqrt(np.maximum(s, 1e-8 * s[0] + np.finfo(float).tiny))
    return w @ v / root, root[:, None] * v.T
