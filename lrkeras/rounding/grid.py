"""Finding the integers in weights that were rounded before."""

from __future__ import annotations

import numpy as np

from lrkeras.rounding.least_squares import largest_integer

# Products of a float32 scale and a small integer are off by half a last digit.
_TOLERANCE = 1e-5


def rows_on_grid(weights: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Finds the rows of a matrix that are a scale times integers of a few bits.

    Such rows come from `round_weights`. The scale of a row is its largest entry over one of the
    integers; where several fit, the one with the largest integers is taken.

    Args:
        weights: float32, `(rows, entries)`.
        bits: 4 or 8.

    Returns:
        `(found, integers, scale)`: which rows are, bool `(rows,)`; their integers, int8 of the
        shape of `weights`; and float32 scales `(rows, 1)`. Rows that are not have zeros, and ones
        as scales.
    """
    top = largest_integer(bits)
    largest = np.abs(weights).max(axis=1, initial=0)
    found = largest == 0  # with any scale
    integers = np.zeros(weights.shape, np.int8)
    scale = np.ones(len(weights), np.float32)
    for most in range(top, 0, -1):
        left = np.flatnonzero(~found)
        if not len(left):
            break
        step = largest[left] / np.float32(most)
        ratio = weights[left] / step[:, None]
        nearest = np.rint(ratio)
        fits = np.abs(ratio - nearest).max(axis=1) <= _TOLERANCE * most
        rows = left[fits]
        found[rows], integers[rows], scale[rows] = True, nearest[fits], step[fits]
    return found, integers, scale[:, None]
