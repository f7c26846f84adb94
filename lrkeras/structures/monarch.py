"""Monarch matrices: block tensor trains of two cores."""

import math

import keras
from keras import ops

from lrkeras.structures.structure import Structure
from lrkeras.structures.truncated_svd import truncated_svd


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class Monarch(Structure):
    """Two block-diagonal factors with a permutation between them.

    Inputs are indexed `(i, j)` with `i < n1`, `j < n2`, outputs `(a, b)` with `a < m1`, `b < m2`:
    `W[(i, j), (a, b)] = sum_k first[i, j, b, k] * second[b, i, k, a]`, that is, the block of
    every pair `(i, b)` has rank `rank`. `rank * n1 * m2 * (n2 + m1)` parameters, and exactly as
    many multiplications. Dao et al. 2022 (arXiv 2204.00595); with `rank` above 1 the block tensor
    train of Qiu et al. 2024 (arXiv 2406.06248). `from_dense` takes the SVD of every block, which
    is the optimum.

    Take it for high compression without a mask: the matrix may have full rank, and a file
    multiplies with two batched products.

    Args:
        rank: Rank of each block, 1 to `min(n2, m1)`. Default: 1.
        blocks: `(n1, m2)`, the numbers of blocks of the two factors; they divide the inputs and
            the outputs. Default: the divisors nearest to the square roots.
        compression: Instead of `rank`; see `Structure`. Where these blocks cannot have a rank
            above 1 at this size, and none are given, others of rank 1 are taken that fill it.
    """

    size_argument = "rank"
    fits_few_bits = False

    def __init__(self, rank=None, blocks=None, **kwargs):
        super().__init__(**kwargs)
        self._set_size(rank)
        self._given_blocks = None if blocks is None else tuple(int(b) for b in blocks)
        self.blocks = self._given_blocks

    def _prepare(self):
        inputs, outputs = self.shape
        blocks = self._given_blocks or self._default_blocks()
        if len(blocks) != 2 or min(blocks) < 1 or inputs % blocks[0] or outputs % blocks[1]:
            raise ValueError(
                "`blocks` of Monarch must be two numbers, one dividing the inputs, one the "
                f"outputs. Received: blocks={blocks} for {inputs} inputs x {outputs} outputs"
            )
        self.blocks = blocks

    def _default_blocks(self):
        inputs, outputs = self.shape
        n1, m2 = _near_root(inputs), _near_root(outputs)
        if self.compression is None:
            return n1, m2
        beside = self.overhead + self.spent
        budget = (inputs * outputs + self.overhead) / self.compression - beside
        if 2 * (inputs * m2 + outputs * n1) <= budget:
            return n1, m2
        return _blocks_within(inputs, outputs, budget)

    def _sizes(self):
        (n1, m2), (inputs, outputs) = self.blocks, self.shape
        return n1, inputs // n1, outputs // m2, m2

    def _params_at(self, size):
        n1, n2, m1, m2 = self._sizes()
        return size * n1 * m2 * (n2 + m1)

    def _largest_size(self):
        _, n2, m1, _ = self._sizes()
        return min(n2, m1)

    def _default_size(self):
        return 1

    def _create_weights(self, init):
        n1, n2, m1, m2 = self._sizes()
        first, second = init.product(terms=self.rank)
        self.first = self.add_weight(
            shape=(n1, n2, m2 * self.rank), name="first", initializer=first
        )
        self.second = self.add_weight(
            shape=(m2, n1 * self.rank, m1), name="second", initializer=second
        )

    def matmul(self, x, training=False):
        n1, n2, m1, m2 = self._sizes()
        batch = ops.shape(x)[:-1]
        x = ops.transpose(ops.reshape(x, (-1, n1, n2)), (1, 0, 2))
        z = ops.reshape(ops.matmul(x, self.first), (n1, -1, m2, self.rank))
        z = ops.reshape(ops.transpose(z, (2, 1, 0, 3)), (m2, -1, n1 * self.rank))
        y = ops.transpose(ops.matmul(z, self.second), (1, 2, 0))
        return ops.reshape(y, (*batch, m1 * m2))

    def to_dense(self, training=False):
        n1, n2, m1, m2 = self._sizes()
        first = ops.reshape(ops.convert_to_tensor(self.first), (n1, n2, m2, self.rank))
        second = ops.reshape(ops.convert_to_tensor(self.second), (m2, n1, self.rank, m1))
        blocks = ops.matmul(
            ops.transpose(first, (0, 2, 1, 3)), ops.transpose(second, (1, 0, 2, 3))
        )  # (n1, m2, n2, m1)
        return ops.reshape(ops.transpose(blocks, (0, 2, 3, 1)), self.shape)

    def _fit(self, w):
        n1, n2, m1, m2 = self._sizes()
        blocks = w.reshape(n1, n2, m1, m2).transpose(0, 3, 1, 2)
        first, second = truncated_svd(blocks, self.rank)
        self.first.assign(first.transpose(0, 2, 1, 3).reshape(n1, n2, m2 * self.rank))
        self.second.assign(second.transpose(1, 0, 2, 3).reshape(m2, n1 * self.rank, m1))

    def get_config(self):
        return {**super().get_config(), "blocks": self._given_blocks}


def _near_root(n):
    return min(_divisors(n), key=lambda d: (round(abs(math.log(d * d / n)), 9), d))


def _blocks_within(inputs, outputs, budget):
    """The blocks at rank 1 whose factors are nearest in size, of those that fill the budget.

    Three quarters of what the fullest take are enough. None fit: the least, one block in each.
    """
    sizes = {
        (n1, m2): (inputs * m2, outputs * n1)
        for n1 in _divisors(inputs)
        for m2 in _divisors(outputs)
    }
    fitting = {blocks: size for blocks, size in sizes.items() if sum(size) <= budget}
    fullest = max(map(sum, fitting.values()), default=0)
    filling = [blocks for blocks, size in fitting.items() if sum(size) >= 0.75 * fullest]
    return min(filling, key=lambda b: abs(math.log(sizes[b][0] / sizes[b][1])), default=(1, 1))


def _divisors(n):
    return [d for d in range(1, n + 1) if n % d == 0]
