"""Fitting structures to matrices."""

from collections.abc import Sequence

import numpy as np
from keras import ops

from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.compression.fitting.semi_nmf import semi_nmf
from lrkeras.structures import Concatenated, Hybrid, LowRank, SharedLowRank, Sparse, Structure, Sum
from lrkeras.structures.low_rank import truncated_svd

METHODS = (None, "svd", "semi_nmf")
# Projected gradient steps, and sweeps over the terms of a sum.
_MAX_STEPS, _SWEEPS = 25, 8
_TOLERANCE = 1e-4


def dense(structure: Structure) -> np.ndarray:
    """The matrix that a built structure stands for, float64."""
    return np.asarray(ops.convert_to_numpy(structure.to_dense()), np.float64)


def fit(
    structure: Structure,
    w: np.ndarray,
    method: str | None = None,
    weighting: SecondMoments | None = None,
) -> None:
    """Sets the weights of a built structure to the best fit of a matrix.

    Args:
        structure: Any structure; the parts of a `Concatenated` one are fitted apart.
        w: float64, `(inputs, outputs)`.
        method: `None` or `"svd"`: the best fit the structure knows. `"semi_nmf"`: low-rank factors
            with one that is not negative; other structures as with `None`.
        weighting: What errors cost; `None` counts every entry alike.
    """
    if isinstance(structure, Concatenated):
        width = w.shape[1] // len(structure.parts)
        for number, part in enumerate(structure.parts):
            columns = slice(number * width, (number + 1) * width)
            inner = None if weighting is None else weighting.columns(columns)
            fit(part, w[:, columns], method, inner)
    elif method == "semi_nmf" and isinstance(structure, LowRank):
        left, right, _ = semi_nmf(w, structure.rank)
        structure.left.assign(left)
        structure.right.assign(right)
    elif weighting is None:
        structure.from_dense(w)
    elif isinstance(structure, LowRank):
        left, right = weighted_low_rank(w, structure.rank, weighting)
        structure.left.assign(left)
        structure.right.assign(right)
    elif isinstance(structure, Sparse):
        _kept_by_weight(structure, w, weighting)
    elif isinstance(structure, Sum):
        _in_turn(structure, w, weighting)
    else:
        # For a hybrid matrix the values that make up for each other do harm, as for a sparse one.
        diagonal = isinstance(structure, Hybrid)
        _projected_gradient(structure, w, weighting.diagonal() if diagonal else weighting)


def _kept_by_weight(structure: Sparse, w: np.ndarray, weighting: SecondMoments) -> None:
    """Keeps the entries whose outputs are largest, as they are (Sun et al. 2024, arXiv 2306.11695).

    Values that make up for their neighbours do harm in a recurrent network, whose states move
    away from those of the examples.
    """
    structure.from_dense(w * np.sqrt(weighting.diagonal().apply(np.ones_like(w))))
    structure.values.assign(w)
    structure.zero_masked()


def _in_turn(structure: Sum, w: np.ndarray, weighting: SecondMoments) -> None:
    """Fits each term to what the others leave; the best sweep is kept."""
    fits = [np.zeros_like(w) for _ in structure.parts]
    best, weights = np.inf, structure.get_weights()
    for _ in range(_SWEEPS):
        for number, part in enumerate(structure.parts):
            others = [f for other, f in enumerate(fits) if other != number]
            fit(part, w - sum(others), None, weighting)
            fits[number] = dense(part)
        cost = weighting.cost(w - sum(fits))
        if not cost < best * (1 - _TOLERANCE):
            break
        best, weights = cost, structure.get_weights()
    structure.set_weights(weights)


def fit_side_by_side(
    built: Sequence[Structure],
    w: np.ndarray,
    method: str | None = None,
    weighting: SecondMoments | None = None,
) -> None:
    """Fits the structures that make a matrix together, but for those of a group (`fit_group`)."""
    width = w.shape[1] // len(built)
    for number, structure in enumerate(built):
        if not structure.has_groups:
            columns = slice(number * width, (number + 1) * width)
            inner = None if weighting is None else weighting.columns(columns)
            fit(structure, w[:, columns], method, inner)


def fit_group(
    members: list[tuple[SharedLowRank, np.ndarray]], weighting: SecondMoments | None
) -> None:
    """Fits matrices that share one projection together: the optimum for all of them.

    Args:
        members: Structures of one group, with the matrix of each, `(inputs, outputs)`.
        weighting: That of the inputs, which all of them share.
    """
    rank = members[0][0].rank
    whole = np.concatenate([w for _, w in members], axis=1)
    left, right = weighted_low_rank(whole, rank, weighting or SecondMoments())
    members[0][0].projection.kernel.assign(left)
    ends = np.cumsum([w.shape[1] for _, w in members])[:-1]
    for (structure, _), piece in zip(members, np.split(right, ends, axis=1), strict=True):
        structure.right.assign(piece)


def weighted_low_rank(w, rank, weighting):
    """`(left, right)` of the given rank with the least weighted error; the optimum.

    With `A = L L^T` and `B = R R^T` it is the truncated SVD of `L^T w R`, brought back.
    """
    root_in, root_out = _root(weighting.inputs), _root(weighting.outputs)
    left, right = truncated_svd(_stretched(root_in, w, root_out), rank)
    if root_in is not None:
        left = left / root_in[:, None] if root_in.ndim == 1 else np.linalg.solve(root_in.T, left)
    if root_out is not None:
        right = right / root_out if root_out.ndim == 1 else np.linalg.solve(root_out.T, right.T).T
    return left, right


def weighted_spectrum(w, weighting):
    """Singular values whose squares, from `rank` on, add up to the error of the low-rank fit."""
    if weighting is not None:
        w = _stretched(_root(weighting.inputs), w, _root(weighting.outputs))
    return np.linalg.svd(w, compute_uv=False)


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


def _projected_gradient(structure, w, weighting):
    """Accelerated gradient steps on the cost, each brought back to the structure by a plain fit.

    The best one seen is kept, so that the result is never worse than the plain fit.
    """
    structure.from_dense(w)
    current = previous = dense(structure)
    best, weights, since = weighting.cost(w - current), structure.get_weights(), 0
    scale, momentum = weighting.largest(), 1.0
    for _ in range(_MAX_STEPS):
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        point = current + (momentum - 1) / following * (current - previous)
        structure.from_dense(point + weighting.apply(w - point) / scale)
        previous, current, momentum = current, dense(structure), following
        cost = weighting.cost(w - current)
        since = 0 if cost < best * (1 - _TOLERANCE) else since + 1
        if cost < best:
            best, weights = cost, structure.get_weights()
        elif momentum > 2:
            momentum, previous = 1.0, current  # it overshot: start the acceleration anew
        if since > 2:
            break
    structure.set_weights(weights)
