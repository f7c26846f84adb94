"""Batches of sequences of like length, so that little of them is padding."""

from __future__ import annotations

import numpy as np

# Batches' worth of sequences that are sorted by length together.
_SORTED_TOGETHER = 16


def batches_of_like_length(
    lengths: np.ndarray, size: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """The places of the sequences of each batch, batches in any order.

    Args:
        lengths: of the sequences.
        size: sequences of a batch.
        rng: draws the order.
    """
    order = rng.permutation(len(lengths))
    pool = size * _SORTED_TOGETHER
    batches = []
    for begin in range(0, len(order), pool):
        some = order[begin : begin + pool]
        some = some[np.argsort(lengths[some], kind="stable")]
        batches += [some[i : i + size] for i in range(0, len(some), size)]
    return [batches[place] for place in rng.permutation(len(batches))]


def length_of_parity(length: int, index: int) -> int:
    """The length, or one more: even for a batch of even index and odd for one of odd index.

    Keras takes a length that its first two batches have in common for that of all.
    """
    return length + (length + index) % 2
