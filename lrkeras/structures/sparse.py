"""Sparse matrices, by element or by block."""

import contextlib
import math

import keras
import numpy as np
from keras import ops

from lrkeras.structures.structure import Structure


class BlockCounts:
    """Shares of blocks, by `total_blocks`, `target_blocks` and `kept_blocks` of a class."""

    @property
    def target_sparsity(self):
        """Fraction of the blocks that are zero in the end."""
        return 1 - self.target_blocks / self.total_blocks

    @property
    def sparsity(self):
        """Fraction of the blocks that are masked now."""
        return 1 - self.kept_blocks / self.total_blocks

    def blocks_at(self, sparsity=None):
        """Number of blocks that are kept at a sparsity, never below the target's; `None`: that."""
        if sparsity is None:
            return self.target_blocks
        total = self.total_blocks
        return max(self.target_blocks, min(total, round((1 - sparsity) * total)))


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class Sparse(BlockCounts, Structure):
    """A matrix most of whose entries (or blocks of entries) are exactly zero: `W = V . M`.

    `V`, `(inputs, outputs)`, are the values, `M` a mask of zeros and ones with one bit for each
    block, which is not trained. Stored: the kept blocks in full, and where they belong.

    It starts dense. `lrkeras.callbacks.SparsityAnnealing` takes it to its density during
    training, `lrkeras.sparsify` in one step, `from_dense` at once (largest magnitudes: the
    optimum); the zeros then stay. Gradients of masked entries are zero (Zhu and Gupta 2017,
    arXiv 1710.01878).

    Take it where training can follow a schedule, most often as the second part of a doped matrix
    (`lrkeras.structures.doped`), and with blocks of `(1, 16)` where the speed of a file counts.

    Args:
        density: Fraction of the entries that stay, in (0, 1]. Default: 0.1.
        block: `None` for single entries, or `(rows, columns)` of a block in the papers' (and
            LiteRT's) orientation: `(1, 16)` is one output by 16 consecutive inputs, the pattern
            that has fast int8 kernels.
        padding: `"valid"`: the block must divide the matrix. `"same"`: the last block of inputs
            may be partial (a converted file pads it with zeros); outputs must still divide.
        compression: Instead of `density`; see `Structure`.
        pooled: Whether its entries compete with those of all other pooled parts of the model with
            the same `block`: together they keep as many as all their densities allow, the
            largest wherever they are, at least one block in each. What a part keeps is settled
            when the target is met, and saved with the weights. A part by itself (`prune`,
            `from_dense`) keeps its own density.
    """

    is_sparse = True
    fits_few_bits = False
    other_size_arguments = ("density",)

    def __init__(self, density=None, block=None, padding="valid", pooled=False, **kwargs):
        super().__init__(**kwargs)
        if density is not None and self.compression is not None:
            raise ValueError(
                "Sparse takes `density` or `compression`, not both. "
                f"Received: density={density}, compression={self.compression}"
            )
        if density is not None and not 0 < density <= 1:
            raise ValueError(f"`density` must be in (0, 1]. Received: density={density}")
        if padding not in ("valid", "same"):
            raise ValueError(f'`padding` must be "valid" or "same". Received: padding={padding!r}')
        self._given_density = density
        self.block = _check_block(block)
        self._mask_folded = False
        self.padding = padding
        self.pooled = bool(pooled)

    def _prepare(self):
        self._grid = self._block_grid(self.shape)
        self._own_target = self._resolve_blocks(self.overhead)

    def _block_grid(self, shape):
        """Number of blocks along the inputs and along the outputs."""
        inputs, outputs = shape
        rows, columns = self.block or (1, 1)
        if outputs % rows or (inputs % columns and self.padding == "valid"):
            hint = "" if outputs % rows else ', or padding="same" to let the last one be partial'
            raise ValueError(
                f"`block` (outputs, inputs) must divide the matrix of {outputs} outputs x "
                f"{inputs} inputs. Received: block={self.block}. Choose one that divides{hint}."
            )
        return math.ceil(inputs / columns), outputs // rows

    def _resolve_blocks(self, overhead):
        total, size = self.total_blocks, math.prod(self.block or (1, 1))
        if self.compression is None:
            density = 0.1 if self._given_density is None else self._given_density
            return max(1, round(density * total))
        dense = math.prod(self.shape) + overhead
        beside = overhead + self.spent
        blocks = math.floor((dense / self.compression - beside) / size)
        if blocks < 1:
            raise ValueError(
                f"A sparse part cannot bring a matrix of {self.shape[0]} inputs x "
                f"{self.shape[1]} outputs to compression={self.compression:g}: "
                f"{beside} parameters stored beside it and one block of {size} leave at most "
                f"{math.floor(dense / (beside + size) * 1000) / 1000:g}. Ask for less."
            )
        return min(blocks, total)

    def _create_weights(self, init):
        self.values = self.add_weight(
            shape=self.shape, name="values", initializer=init.normal(init.variance)
        )
        self.mask = self.add_weight(
            shape=self._grid,
            name="mask",
            initializer=keras.initializers.Ones(),
            dtype="bool",
            trainable=False,
        )
        if self.pooled:
            self.pooled_target = self.add_weight(
                shape=(),
                name="pooled_target",
                initializer=keras.initializers.Constant(self._own_target),
                dtype="int32",
                trainable=False,
            )

    def to_dense(self, training=False):
        values = ops.convert_to_tensor(self.values)
        if self._mask_folded:
            return values
        return values * ops.cast(self.expanded(self.mask), values.dtype)

    @contextlib.contextmanager
    def mask_folded(self):
        """While it lasts, the mask is in the stored values and takes no operation of its own."""
        self.zero_masked()
        self._mask_folded = True
        try:
            yield
        finally:
            self._mask_folded = False

    def expanded(self, grid):
        """A value for each block as a value for each entry."""
        if self.block is None:
            return ops.convert_to_tensor(grid)
        (rows, columns), (inputs, outputs) = self.block, self._grid
        whole = ops.broadcast_to(
            ops.reshape(grid, (inputs, 1, outputs, 1)), (inputs, columns, outputs, rows)
        )
        return ops.reshape(whole, (inputs * columns, outputs * rows))[: self.shape[0]]

    # --- pruning ----------------------------------------------------------------------------

    @property
    def total_blocks(self):
        """Number of blocks of the matrix."""
        return math.prod(self._grid)

    @property
    def target_blocks(self):
        """Number of blocks that are kept in the end."""
        return int(ops.convert_to_numpy(self.pooled_target)) if self.pooled else self._own_target

    @property
    def density(self):
        """Fraction of the blocks that are kept in the end (the requested one before `build`)."""
        return 1 - self.target_sparsity if self.built else self._given_density

    @property
    def block_width(self):
        return 1 if self.block is None else self.block[1]

    @property
    def is_full(self):
        """Whether every block is to be kept, and was asked for."""
        return self._given_density == 1

    @property
    def kept_blocks(self):
        """Number of blocks that are not masked now."""
        return int(np.sum(ops.convert_to_numpy(self.mask)))

    @property
    def kept_params(self):
        """Numbers that are not masked now; every block counts in full."""
        return self.kept_blocks * math.prod(self.block or (1, 1))

    @property
    def is_at_target(self):
        """Whether no more blocks are kept than the density allows."""
        return self.kept_blocks <= self.target_blocks

    def prune(self, sparsity=None):
        """Keeps the blocks of largest magnitude (sum of squares) and zeroes the others for good.

        Args:
            sparsity: Fraction of the blocks to mask, never beyond the target; `None` for the
                target itself, met exactly. Ties go to the earlier block.
        """
        self.keep(largest(self.magnitudes(), self.blocks_at(sparsity)))

    def magnitudes(self):
        """The sum of squares of every block."""
        values = ops.convert_to_numpy(self.to_dense())
        return self._block_sums(np.square(values, dtype=np.float64))

    def keep(self, mask):
        """Keeps the blocks that a mask names and zeroes the others for good."""
        self.mask.assign(mask)
        self.zero_masked()

    def zero_masked(self):
        """Zeroes the stored values under the mask (an optimiser's momentum may have moved them)."""
        self.values.assign(self.to_dense())

    def _block_sums(self, scores):
        rows, columns = self.block or (1, 1)
        inputs, outputs = self._grid
        padded = np.zeros((inputs * columns, self.shape[1]))
        padded[: self.shape[0]] = scores
        return padded.reshape(inputs, columns, outputs, rows).sum(axis=(1, 3))

    def _fit(self, w):
        self._keep(w, np.square(w))

    def _fit_weighted(self, w, weighting):
        """Keeps the entries whose outputs are largest, as they are.

        Sun et al. 2024 (arXiv 2306.11695). Values that make up for their neighbours do harm in a
        recurrent network, whose states move away from those of the examples.
        """
        self._keep(w, np.square(w) * weighting.diagonal().apply(np.ones_like(w)))

    def _keep(self, w, scores):
        self.values.assign(w)
        self.keep(largest(self._block_sums(scores), self.target_blocks))

    def warm_start(self, w):
        w = self._checked(w)
        self.mask.assign(np.ones(self.mask.shape, bool))
        self.values.assign(w)
        return self

    # --- counts -----------------------------------------------------------------------------

    @property
    def nnz(self):
        """Numbers stored at the target density; every block counts in full."""
        return self.target_blocks * math.prod(self.block or (1, 1))

    @property
    def num_params(self):
        return self.nnz

    @property
    def macs(self):
        return self.nnz

    @property
    def index_bytes(self):
        # Compressed rows: a column (of blocks) for each block, an offset for each row.
        columns, rows = self._grid
        index = _unsigned_bytes(columns - 1)
        return self.target_blocks * index + (rows + 1) * _unsigned_bytes(self.target_blocks)

    def get_config(self):
        config = {**super().get_config(), "block": self.block, "padding": self.padding}
        if self._given_density is not None:
            config["density"] = self._given_density
        return {**config, "pooled": True} if self.pooled else config


def largest(scores, count):
    """Boolean mask of the `count` largest entries of an array; ties go to the earlier one."""
    order = np.argsort(-scores, axis=None, kind="stable")
    mask = np.zeros(scores.size, dtype=bool)
    mask[order[:count]] = True
    return mask.reshape(scores.shape)


def _unsigned_bytes(largest_value):
    return 1 if largest_value < 2**8 else 2 if largest_value < 2**16 else 4


def _check_block(block):
    if block is None:
        return None
    block = tuple(block)
    if len(block) != 2 or not all(isinstance(b, (int, np.integer)) and b > 0 for b in block):
        raise ValueError(
            "`block` must be None or two positive integers (outputs, inputs), such as (1, 16). "
            f"Received: block={block}"
        )
    return tuple(int(b) for b in block)
