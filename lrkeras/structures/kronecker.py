"""Kronecker products."""

import keras
from keras import ops

from lrkeras.structures.structure import Structure
from lrkeras.structures.truncated_svd import truncated_svd


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class Kronecker(Structure):
    """A sum of Kronecker products: `W^T = sum_k left[k] (x) right[k]`.

    `left` has shape `(terms, m1, n1)` and `right` `(terms, m2, n2)`, in the papers' orientation
    (rows are outputs): `m1 * m2 = outputs`, `n1 * n2 = inputs`. `terms * (m1 n1 + m2 n2)`
    parameters. Thakker et al. 2019 (arXiv 1906.02876); `from_dense` is Van Loan's nearest
    Kronecker product, the truncated SVD of the rearranged matrix (optimal for any `terms`).

    Take it for extreme compression, hundreds of times for one product, and as the base of a doped
    matrix. It wants to be trained, not fitted.

    Args:
        factors: `((m1, n1), (m2, n2))`, or `None` for the paper's Algorithm 2
            (`factor_shapes`). Factors of `W` itself (inputs first) are accepted too.
        terms: Number of products in the sum. Default: 1.
        compression: Instead of `terms`; see `Structure`.
    """

    size_argument = "terms"
    fits_few_bits = False

    def __init__(self, factors=None, terms=None, **kwargs):
        super().__init__(**kwargs)
        self._set_size(terms)
        if factors is not None:
            factors = _check_factors(factors)
        self._given_factors = factors
        self.factors = factors

    def _prepare(self):
        self.factors = self._resolve_factors(self.shape)

    def _resolve_factors(self, shape):
        if self._given_factors is None:
            return factor_shapes(shape[1], shape[0])
        (m1, n1), (m2, n2) = self._given_factors
        if (m1 * m2, n1 * n2) == shape[::-1]:
            return self._given_factors
        if (m1 * m2, n1 * n2) == shape:
            return ((n1, m1), (n2, m2))
        raise ValueError(
            f"Kronecker factors must multiply up to {shape[1]} outputs x {shape[0]} inputs. "
            f"Received: factors={self._given_factors}, which make {m1 * m2} x {n1 * n2}. Leave "
            f"`factors` out to get {factor_shapes(shape[1], shape[0])}."
        )

    def _params_at(self, size):
        (m1, n1), (m2, n2) = self.factors
        return size * (m1 * n1 + m2 * n2)

    def _largest_size(self):
        (m1, n1), (m2, n2) = self.factors
        return min(m1 * n1, m2 * n2)

    def _default_size(self):
        return 1

    def _create_weights(self, init):
        left, right = init.product(terms=self.terms)
        left_shape, right_shape = self.factors
        self.left = self.add_weight(shape=(self.terms, *left_shape), name="left", initializer=left)
        self.right = self.add_weight(
            shape=(self.terms, *right_shape), name="right", initializer=right
        )

    @property
    def has_settled_size(self):
        return True  # left out, it is one product

    @property
    def macs(self):
        (m1, n1), (m2, n2) = self.factors
        return self.terms * (n1 * n2 * m2 + n1 * m2 * m1)

    def matmul(self, x, training=False):
        # Row-major form of (A (x) B) x: Y = A X B^T with X = reshape(x, (n1, n2)).
        (m1, n1), (m2, n2) = self.factors
        batch = ops.shape(x)[:-1]
        right = ops.reshape(ops.transpose(self.right, (2, 0, 1)), (n2, self.terms * m2))
        z = ops.matmul(ops.reshape(x, (-1, n1, n2)), right)
        z = ops.reshape(z, (-1, n1 * self.terms, m2))
        left = ops.reshape(ops.transpose(self.left, (1, 2, 0)), (m1, n1 * self.terms))
        return ops.reshape(ops.matmul(left, z), (*batch, m1 * m2))

    def to_dense(self, training=False):
        (m1, n1), (m2, n2) = self.factors
        left = ops.reshape(ops.transpose(self.left, (2, 1, 0)), (n1 * m1, self.terms))
        right = ops.reshape(ops.transpose(self.right, (0, 2, 1)), (self.terms, n2 * m2))
        product = ops.reshape(ops.matmul(left, right), (n1, m1, n2, m2))
        return ops.reshape(ops.transpose(product, (0, 2, 1, 3)), self.shape)

    def _fit(self, w):
        (m1, n1), (m2, n2) = self.factors
        blocks = w.reshape(n1, n2, m1, m2).transpose(2, 0, 3, 1)
        left, right = truncated_svd(blocks.reshape(m1 * n1, m2 * n2), self.terms)
        self.left.assign(left.T.reshape(self.terms, m1, n1))
        self.right.assign(right.reshape(self.terms, m2, n2))

    def get_config(self):
        return {**super().get_config(), "factors": self._given_factors}


def factor_shapes(outputs, inputs):
    """Algorithm 2 of the Kronecker paper: `((m1, n1), (m2, n2))` for an `outputs x inputs` matrix.

    The primes of each dimension are merged, smallest two first, until two numbers remain; the
    larger of the outputs meets the smaller of the inputs.

    >>> factor_shapes(650, 1300)
    ((50, 20), (13, 65))
    """
    m_small, m_large = _two_factors(outputs)
    n_small, n_large = _two_factors(inputs)
    return ((m_large, n_small), (m_small, n_large))


def _two_factors(n):
    primes, divisor = [1, 1], 2
    while n > 1:
        if n % divisor:
            divisor = divisor + 1 if divisor * divisor <= n else n
        else:
            primes.append(divisor)
            n //= divisor
    primes.sort()
    while len(primes) > 2:
        primes = sorted([primes[0] * primes[1], *primes[2:]])
    return tuple(primes)


def _check_factors(factors):
    shapes = tuple(tuple(int(d) for d in f) for f in factors)
    if len(shapes) != 2 or any(len(f) != 2 or min(f) < 1 for f in shapes):
        raise ValueError(
            "`factors` must be two pairs of positive integers, ((m1, n1), (m2, n2)). "
            f"Received: factors={factors}"
        )
    return shapes
