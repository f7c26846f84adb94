"""Low-rank matrix factorisation (LMF)."""

import keras
from keras import ops

from lrkeras.structures.factored import Factored
from lrkeras.structures.semi_nmf import semi_nmf
from lrkeras.structures.truncated_svd import truncated_svd
from lrkeras.structures.weighted_fit import weighted_low_rank


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class LowRank(Factored):
    """`W = L R` with `L` of shape `(inputs, rank)` and `R` of shape `(rank, outputs)`.

    `rank * (inputs + outputs)` parameters and as many multiplications. `from_dense` is the
    truncated SVD, which no other matrix of this rank can beat (Eckart-Young). Winata et al. 2019
    (arXiv 1908.09982), sect. 3, where it is called LMF.

    The factors are trained with scaled gradients, see `lrkeras.structures.scaled_gradient`: the
    learning rate of a dense layer serves them.

    Take it first for a model that is trained already and shall become a few times smaller.

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

    def _factor_pairs(self):
        return [(self.left, self.right)]

    def matmul(self, x, training=False):
        ((left, right),) = self._factors(training)
        return ops.matmul(ops.matmul(x, left), right)

    @classmethod
    def product_of_rows_side_by_side(cls, parts, first, last):
        pairs = [pair for part in parts for pair in part._factors()]
        left = ops.concatenate([left[first:last] for left, _ in pairs], axis=1)
        rights = [ops.convert_to_tensor(right) for _, right in pairs]

        def product(x):
            pieces = ops.split(ops.matmul(x, left), len(rights), axis=-1)
            products = [ops.matmul(p, right) for p, right in zip(pieces, rights, strict=True)]
            return ops.concatenate(products, axis=-1)

        return product

    def matmul_transpose(self, y):
        return ops.matmul(ops.matmul(y, ops.transpose(self.right)), ops.transpose(self.left))

    def rows(self, ids):
        return ops.matmul(ops.take(self.left, ids, axis=0), self.right)

    def to_dense(self, training=False):
        ((left, right),) = self._factors(training)
        return ops.matmul(left, right)

    def _fit(self, w):
        self._set_factors(truncated_svd(w, self.rank))

    def _fit_weighted(self, w, weighting):
        self._set_factors(weighted_low_rank(w, self.rank, weighting))

    def _fit_semi_nmf(self, w):
        left, right, _ = semi_nmf(w, self.rank)
        self._set_factors((left, right))

    def _set_factors(self, factors):
        for variable, factor in zip((self.left, self.right), factors, strict=True):
            variable.assign(factor)
