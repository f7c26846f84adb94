"""Semi-nonnegative matrix factorisation."""

import numpy as np

from lrkeras.structures.truncated_svd import truncated_svd

_FLOOR = 1e-9


def semi_nmf(
    w: np.ndarray, rank: int, iterations: int = 100, tolerance: float = 1e-4
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Factors `w ~ left @ right` with `left >= 0`, by the multiplicative updates of semi-NMF.

    In the papers' orientation, `W = U V` with `V >= 0` over the inputs: here `W^T` is `w`, `left`
    is `V^T` and `right` is `U^T`. Ding, Li, Jordan 2010 (Convex and Semi-Nonnegative Matrix
    Factorizations, eq. 10 and 12); each update lowers the loss or leaves it. Winata et al. 2019
    (arXiv 1908.09982) initialise compressed LSTMs with it.

    Args:
        w: Array `(inputs, outputs)`.
        rank: Inner size.
        iterations: At most so many updates of both factors.
        tolerance: Stops when the loss falls by less than this share.

    Returns:
        `(left, right, losses)`: `(inputs, rank)`, `(rank, outputs)`, and `|w - left right|^2`
        after each iteration.
    """
    # Magnitudes of the best factor without the sign, and no entry at zero, which could never leave.
    left = np.abs(truncated_svd(w, rank)[0])
    left += 0.2 * left.mean()
    losses: list[float] = []
    for _ in range(iterations):
        right = _least_squares(left, w)
        left = left * _update(left, right, w)
        residual = w - left @ right
        losses.append(float(np.sum(residual * residual)))
        if len(losses) > 1 and losses[-2] - losses[-1] <= tolerance * losses[-2]:
            break
    return left, _least_squares(left, w), losses


def _least_squares(left, w):
    gram = left.T @ left
    gram += 1e-12 * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.linalg.solve(gram, left.T @ w)


def _update(left, right, w):
    """The factor that each entry of `left` is multiplied by."""
    cross, gram = w @ right.T, right @ right.T
    up = _positive(cross) + left @ _positive(-gram)
    down = _positive(-cross) + left @ _positive(gram)
    return np.sqrt((up + _FLOOR) / (down + _FLOOR))


def _positive(a):
    return np.maximum(a, 0)
