"""Rounding weights to few bits with the scales that lose the least."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

# Bits that files can store.
BITS = (4, 8)
# Where the search starts: the largest entry at the end of the range, or beyond it by these factors.
_CLIPPED = np.geomspace(1.0, 0.2, 64)
_SWEEPS = 6
# Entries that are searched at once: what stays in the cache of a core.
_AT_ONCE = 1 << 16


@dataclasses.dataclass(frozen=True)
class Rounded:
    """Weights as integers and scales: `real = scale * integers`.

    Attributes:
        integers: int8, of the shape of the weights, from -7 to 7 for four bits and from -127 to
            127 for eight.
        scale: float32, of the same rank, 1 along every axis that shares its scales.
        bits: Bits of an integer.
    """

    integers: np.ndarray
    scale: np.ndarray
    bits: int

    def dense(self) -> np.ndarray:
        """The rounded weights, float32."""
        return self.integers.astype(np.float32) * self.scale


def largest_integer(bits: int) -> int:
    """The largest integer of a symmetric range: 7 for four bits, 127 for eight.

    Raises:
        ValueError: If no file stores so many bits.
    """
    if bits not in BITS or isinstance(bits, bool):
        raise ValueError(f"Expected `bits` to be one of {BITS}, received {bits!r}.")
    return 2 ** (int(bits) - 1) - 1


def round_weights(weights: np.ndarray, bits: int, axes: Sequence[int] = (-1,)) -> Rounded:
    """Rounds weights with the scales of the least squared error.

    The largest entry as the end of the range is the usual choice of scale. With four bits it is a
    poor one: a range that cuts the few largest entries halves the steps of all others.

    Args:
        weights: A finite array.
        bits: 4 or 8.
        axes: The axes along which scales differ; none for one scale in all.

    Raises:
        ValueError: If the bits are unknown, or a weight is not finite.
    """
    top = largest_integer(bits)
    weights = np.asarray(weights, np.float32)
    if not np.isfinite(weights).all():
        raise ValueError(
            f"Expected finite weights, received {np.sum(~np.isfinite(weights))} NaN or infinite "
            f"entries of {weights.size}."
        )
    first = [axis % weights.ndim for axis in axes]
    order = [*first, *(axis for axis in range(weights.ndim) if axis not in first)]
    moved = weights.transpose(order)
    shape = moved.shape[: len(first)]
    rows = np.ascontiguousarray(moved).reshape(math.prod(shape), -1)
    scale = least_squares_scales(rows, top)
    integers = np.clip(np.rint(rows / scale[:, None]), -top, top).astype(np.int8)
    back = np.argsort(order)
    ones = (1,) * (weights.ndim - len(first))
    return Rounded(
        integers.reshape(moved.shape).transpose(back),
        scale.reshape(*shape, *ones).transpose(back),
        bits,
    )


def least_squares_scales(rows: np.ndarray, top: int) -> np.ndarray:
    """The scale of each row of a float32 matrix, such that rounding loses the least squares.

    A search over ranges that are cut, refined in turns: the integers for a scale, then the best
    scale for these integers, neither of which can lose.

    Args:
        rows: `(rows, entries)`.
        top: The largest integer.
    """
    scales = np.empty(len(rows), np.float32)
    count = max(1, _AT_ONCE // max(1, rows.shape[1]))
    for begin in range(0, len(rows), count):
        scales[begin : begin + count] = _best_scales(rows[begin : begin + count], top)
    return scales


def _best_scales(rows: np.ndarray, top: int) -> np.ndarray:
    largest = np.abs(rows).max(axis=1, initial=0)
    # Below the smallest normal number the steps of a row could not be told apart.
    largest = np.where(largest > np.finfo(np.float32).tiny * 256, largest, np.float32(top))
    best = largest / np.float32(top)
    gain, best = _refined(rows, best, top)
    # What rounding leaves is |w|^2 - (w.q)^2 / |q|^2: the best scale has the largest gain.
    for start in _starts(top):
        found, scale = _refined(rows, largest * np.float32(start), top, sweeps=1)
        better = found > gain
        gain, best = np.where(better, found, gain), np.where(better, scale, best)
    return _refined(rows, best, top)[1]


def _starts(top: int) -> list[float]:
    """Scales to search from, as shares of the largest entry."""
    # Rows that were rounded before, whose largest integer is not the largest there is, stay as
    # they are: one of a few bits is tried for each largest integer.
    smaller = [1 / most for most in range(1, top)] if top < 16 else []
    return [*(clipped / top for clipped in _CLIPPED[1:]), *smaller]


def _refined(
    rows: np.ndarray, scale: np.ndarray, top: int, sweeps: int = _SWEEPS
) -> tuple[np.ndarray, np.ndarray]:
    """Gain and scale after some turns of best integers and best scale."""
    gain = np.zeros(len(rows), np.float32)
    for _ in range(sweeps):
        integers = rows * (1 / scale)[:, None]
        np.rint(integers, out=integers)
        np.clip(integers, -top, top, out=integers)
        shared = np.einsum("ij,ij->i", rows, integers)
        norm = np.einsum("ij,ij->i", integers, integers)
        held = norm > 0
        norm = np.where(held, norm, 1)
        gain = shared * shared / norm
        moved = np.where(held, shared / norm, scale).astype(np.float32)
        if np.array_equal(moved, scale):
            break
        scale = moved
    return gain, scale
