"""Checks of matrices that structures are fitted to."""

import numpy as np
from keras import ops


def finite_matrix(w):
    """`w` as a float64 array.

    Raises:
        ValueError: If it is no matrix, or has entries that are not finite.
    """
    w = np.asarray(ops.convert_to_numpy(w), dtype=np.float64)
    if w.ndim != 2:
        raise ValueError(f"`from_dense` expects a matrix. Received an array of shape {w.shape}")
    if not np.isfinite(w).all():
        raise ValueError(
            f"`from_dense` expects finite numbers. Received {np.sum(~np.isfinite(w))} NaN or "
            f"infinite entries of {w.size}"
        )
    return w


def pretty_shape(shape):
    """`"3 inputs x 4 outputs"`."""
    return f"{shape[0]} inputs x {shape[1]} outputs"
