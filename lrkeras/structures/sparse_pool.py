"""Sparse parts that share one number of blocks."""

import numpy as np

from lrkeras.structures.find import find_structures
from lrkeras.structures.sparse import BlockCounts, Sparse, largest


class SparsePool(BlockCounts):
    """Pooled sparse parts of a model, pruned as one: see `Sparse`.

    Args:
        parts: Built `Sparse` parts of the same `block`.
    """

    def __init__(self, parts):
        self.parts = parts

    @property
    def total_blocks(self):
        """Number of blocks of all parts."""
        return sum(part.total_blocks for part in self.parts)

    @property
    def target_blocks(self):
        """Number of blocks that all parts together keep in the end."""
        return sum(part.target_blocks for part in self.parts)

    @property
    def kept_blocks(self):
        """Number of blocks that are not masked now."""
        return sum(part.kept_blocks for part in self.parts)

    @property
    def is_at_target(self):
        """Whether every part keeps what it is to keep in the end."""
        return all(part.is_at_target for part in self.parts)

    def prune(self, sparsity=None):
        """Keeps the blocks of largest magnitude wherever they are, at least one in each part.

        At the target every part's own is settled: what it keeps then.

        Args:
            sparsity: Fraction of the blocks of all parts to mask, never beyond the target; `None`
                for the target itself.
        """
        target, kept = self.target_blocks, self.blocks_at(sparsity)
        scores = [part.magnitudes() for part in self.parts]
        for of_part in scores:
            of_part.flat[np.argmax(of_part)] = np.inf
        masks = largest(np.concatenate([s.ravel() for s in scores]), kept)
        ends = np.cumsum([s.size for s in scores])[:-1]
        for part, mask in zip(self.parts, np.split(masks, ends), strict=True):
            part.keep(mask.reshape(part.mask.shape))
            if kept == target:
                part.pooled_target.assign(int(mask.sum()))

    def zero_masked(self):
        """Zeroes the stored values under the masks."""
        for part in self.parts:
            part.zero_masked()


def pruned_together(model):
    """What is pruned by itself in a model: `Sparse` parts, and a `SparsePool` of those pooled.

    Args:
        model: A `keras.Model` or any layer.

    Returns:
        List in the order of `find_structures`, a pool at the place of its first part.
    """
    pools = {}
    for part in find_structures(model, Sparse):
        pools.setdefault(part.block if part.pooled else id(part), []).append(part)
    return [SparsePool(parts) if parts[0].pooled else parts[0] for parts in pools.values()]
