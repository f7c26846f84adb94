"""How sparse and how low in rank a matrix is."""

import numpy as np


def matrix_norms(w: np.ndarray, singular_values: np.ndarray | None = None) -> dict[str, float]:
    """Norms of a matrix that tell how well it can be made small.

    With `L_j` the sum of the magnitudes of row `j`, the weights of one input: Winata et al. 2019
    (arXiv 1908.09982), sect. 5, where an input is a column; made free of scale.

    Args:
        w: `(inputs, outputs)`.
        singular_values: Those of `w`, where they are known.

    Returns:
        `l1`, the largest `L_j`; `l1_spread`, the standard deviation of the `L_j` over their mean;
        `nuclear`, the sum of the singular values over the square root of their number times the
        Frobenius norm: 1 where they are equal, less where some are small.
    """
    if singular_values is None:
        singular_values = np.linalg.svd(w, compute_uv=False)
    sums = np.abs(w).sum(axis=1)
    size = np.linalg.norm(w) * np.sqrt(len(singular_values))
    return {
        "l1": float(sums.max()),
        "l1_spread": float(sums.std() / sums.mean()) if sums.any() else 0.0,
        "nuclear": float(singular_values.sum() / size) if size else 0.0,
    }
