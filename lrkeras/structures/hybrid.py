"""Hybrid matrix factorisation (HMF, first called HMD)."""

import keras
import numpy as np
from keras import ops

from lrkeras.structures.factored import Factored
from lrkeras.structures.truncated_svd import truncated_svd


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class Hybrid(Factored):
    """The first `rank` outputs unconstrained, the others of rank one over each half of the input.

    In the paper's orientation (`y = A x`, rows are outputs) `A = [A' ; [B C | D E]]`: `A'` has
    `rank` rows; `B`, `D` are columns, `C`, `E` rows over the two halves of the input. Stored:
    `rank * inputs + 2 * (outputs - rank) + inputs` numbers; matrix rank up to `rank + 2`.
    Thakker et al. 2019 (arXiv 1906.04886) eq. D2; 2020 (arXiv 2010.03193).

    `from_dense` is the least-squares optimum for the given order of outputs.

    The factors are trained with scaled gradients, see `lrkeras.structures.scaled_gradient`.

    Take it where low rank of the same size has too low a rank: for a square matrix this one has
    about twice that rank. `lrkeras.compress` chooses an order of the units that suits it.

    Args:
        rank: Number of unconstrained outputs, 1 to `outputs - 1`. Default: an eighth of the
            smaller side.
        compression: Instead of `rank`; see `Structure`.
    """

    size_argument = "rank"
    multiplies_by_factor = True
    stores_first_outputs_whole = True

    def __init__(self, rank=None, **kwargs):
        super().__init__(**kwargs)
        self._set_size(rank)

    def _params_at(self, size):
        inputs, outputs = self.shape
        return size * inputs + 2 * (outputs - size) + inputs

    def _largest_size(self):
        return self.shape[1] - 1

    def _create_weights(self, init):
        inputs, outputs = self.shape
        if inputs < 2 or outputs < 2:
            raise ValueError(
                "Hybrid needs at least 2 inputs and 2 outputs. "
                f"Received: {inputs} inputs x {outputs} outputs"
            )
        self.half = inputs // 2
        lower = outputs - self.rank
        self.upper = self.add_weight(
            shape=(inputs, self.rank), name="upper", initializer=init.normal(init.variance)
        )
        column, row = init.product()
        self.columns = self.add_weight(shape=(inputs,), name="columns", initializer=column)
        self.lower = self.add_weight(shape=(2, lower), name="lower", initializer=row)

    def _factor_pairs(self):
        return [
            (self.columns[: self.half, None], self.lower[:1]),
            (self.columns[self.half :, None], self.lower[1:]),
        ]

    def matmul(self, x, training=False):
        (first, first_row), (second, second_row) = self._factors(training)
        halves = [ops.matmul(x[..., : self.half], first), ops.matmul(x[..., self.half :], second)]
        is_scaled = training or self._scaled.factors is not None
        # Files store the matrix of the rows as it is, in one piece.
        rows = ops.concatenate([first_row, second_row], axis=0) if is_scaled else self.lower
        lower = ops.matmul(ops.concatenate(halves, axis=-1), rows)
        return ops.concatenate([ops.matmul(x, self.upper), lower], axis=-1)

    @classmethod
    def product_of_rows_side_by_side(cls, parts, first, last):
        # One product with all that x is multiplied with, the columns of each half beside zeros.
        count, rank = len(parts), parts[0].rank
        columns, rows = [], []
        for place, part in enumerate(parts):
            (upper, upper_row), (lower, lower_row) = part._factors()
            ends = [(0, lower.shape[0]), (upper.shape[0], 0)]
            columns += [ops.pad(c, [e, (0, 0)]) for c, e in zip((upper, lower), ends, strict=True)]
            beside = [(place * upper_row.shape[1], (count - 1 - place) * upper_row.shape[1])]
            rows += [ops.pad(row, [(0, 0), *beside]) for row in (upper_row, lower_row)]
        whole = [ops.convert_to_tensor(part.upper) for part in parts]
        left = ops.concatenate([*whole, *columns], axis=1)[first:last]
        right = ops.concatenate(rows, axis=0)

        def product(x):
            whole, inner = ops.split(ops.matmul(x, left), [count * rank], axis=-1)
            halves = (ops.split(z, count, axis=-1) for z in (whole, ops.matmul(inner, right)))
            pieces = [piece for part in zip(*halves, strict=True) for piece in part]
            return ops.concatenate(pieces, axis=-1)

        return product

    def to_dense(self, training=False):
        lower = ops.concatenate([column * row for column, row in self._factors(training)], axis=0)
        return ops.concatenate([ops.convert_to_tensor(self.upper), lower], axis=1)

    def _fit_weighted(self, w, weighting):
        # As in a sparse matrix, values that make up for those of other inputs do harm.
        super()._fit_weighted(w, weighting.diagonal())

    def _fit(self, w):
        self.upper.assign(w[:, : self.rank])
        first, first_row = truncated_svd(w[: self.half, self.rank :], 1)
        second, second_row = truncated_svd(w[self.half :, self.rank :], 1)
        self.columns.assign(np.concatenate([first[:, 0], second[:, 0]]))
        self.lower.assign(np.concatenate([first_row, second_row]))
