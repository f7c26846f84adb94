"""Narrow layers as wide ones, so that rows of both make one program."""

from __future__ import annotations

import numpy as np


def widened(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A variable of a narrow layer as that of a wide one; the units that it lacks are zero.

    Such units put out zeros, and have gradients of zero: the wide layer is the narrow one.
    """
    if values.shape == tuple(shape):
        return values
    wide = np.zeros(shape, values.dtype)
    _narrow_view(wide, values.shape)[...] = _by_gate(values, values.shape[-1] != shape[-1])
    return wide


def narrowed(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The inverse of `widened`."""
    if values.shape == tuple(shape):
        return values
    return _narrow_view(values, shape).reshape(shape)


def _narrow_view(wide: np.ndarray, shape) -> np.ndarray:
    """What a wide array has of a narrow one of a shape; the last axis is that of four gates."""
    gates = wide.shape[-1] != shape[-1]
    limits = [*shape[:-1], *((4, shape[-1] // 4) if gates else shape[-1:])]
    return _by_gate(wide, gates)[tuple(slice(limit) for limit in limits)]


def _by_gate(values: np.ndarray, gates: bool) -> np.ndarray:
    return values.reshape(*values.shape[:-1], 4, -1) if gates else values
