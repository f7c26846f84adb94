"""Fits that count an error of a matrix by what it does to its outputs.

A weighting is an object with the second moments `A` of a matrix's inputs and `B` of its outputs
(`inputs`, `outputs`: arrays, their diagonals, or `None` for the identity). An error `E` costs
`tr(E^T A E B)`. It has the methods `apply(E)` (`A E B`), `cost(E)`, `largest()` (the norm of
`apply`), `rows(part)` and `columns(part)` (of some inputs or outputs), `transposed()` and
`diagonal()`; `None` counts every entry alike. `lrkeras.compression.fitting` measures them on
examples.
"""

import numpy as np

from lrkeras.structures.truncated_svd import truncated_svd

_MAX_STEPS = 25
TOLERANCE = 1e-4


def weighted_low_rank(w, rank, weighting):
    """Factors of the given rank with the least weighted error: the optimum.

    With `A = L L^T` and `B = R R^T` it is the truncated SVD of `L^T w R`, brought back.

    Args:
        w: float64, `(inputs, outputs)`.
        rank: Inner size.
        weighting: What errors cost.

    Returns:
        `(left, right)`: `(inputs, rank)` and `(rank, outputs)`.
    """
    root_in, root_out = _roots(weighting)
    left, right = truncated_svd(_stretched(root_in, w, root_out), rank)
    if root_in is not None:
        left = left / root_in[:, None] if root_in.ndim == 1 else np.linalg.solve(root_in.T, left)
    if root_out is not None:
        right = right / root_out if root_out.ndim == 1 else np.linalg.solve(root_out.T, right.T).T
    return left, right


def weighted_spectrum(w, weighting):
    """Singular values whose squares, from `rank` on, add up to the cost of the low-rank fit."""
    root_in, root_out = _roots(weighting)
    return np.linalg.svd(_stretched(root_in, w, root_out), compute_uv=False)


def projected_gradient(structure, w, weighting):
    """Fits a built structure by steps on the cost, each brought back to it by a plain fit.

    Accelerated gradient steps (Nesterov); the best one seen is kept, so that the result is never
    worse than the plain fit.
    """
    structure.from_dense(w)
    current = previous = structure.to_numpy()
    best, weights, since = weighting.cost(w - current), structure.get_weights(), 0
    scale, momentum = weighting.largest(), 1.0
    for _ in range(_MAX_STEPS):
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        point = current + (momentum - 1) / following * (current - previous)
        structure.from_dense(point + weighting.apply(w - point) / scale)
        previous, current, momentum = current, structure.to_numpy(), following
        cost = weighting.cost(w - current)
        since = 0 if cost < best * (1 - TOLERANCE) else since + 1
        if cost < best:
            best, weights = cost, structure.get_weights()
        elif momentum > 2:
            momentum, previous = 1.0, current  # it overshot: start the acceleration anew
        if since > 2:
            break
    structure.set_weights(weights)


def _roots(weighting):
    if weighting is None:
        return None, None
    return _root(weighting.inputs), _root(weighting.outputs)


def _root(moment):
    if moment is None:
        return None
    return np.sqrt(moment) if moment.ndim == 1 else np.linalg.cholesky(moment)


def _stretched(root_in, w, root_out):
    """`L^T w R`."""
    if root_in is not None:
        w = root_in[:, None] * w if root_in.ndim == 1 else root_in.T @ w
    if root_out is not None:
        w = w * root_out if root_out.ndim == 1 else w @ root_out
    return w
