"""Gradients of factors that move their product as gradients of a whole matrix move it."""

from keras import ops

# Share of the mean that is added to every eigenvalue: where a factor is nearly singular, the step
# of the other one stays bounded.
_DAMPING = 0.1
_TINY = 1e-6


def with_scaled_gradients(left, right):
    """Two factors of one product, the same values, whose gradients know of each other.

    A plain gradient step on both factors of `W = L R` moves `W` along the gradient `G` of `W` by
    `G R^T R + L L^T G`: as many times too far as the squared singular values of the factors are
    large, which differ by direction and grow as the model learns. Here the gradients are

        G R^T (R R^T + d I)^-1    and    (L^T L + d I)^-1 L^T G

    so that the step on `W` is that of the whole matrix, projected on what the factors span,
    whatever their scale: scaled gradient descent (Tong, Ma, Chi 2021, arXiv 2005.08898, eq. 3).
    `d` is a tenth of the mean eigenvalue.

    Args:
        left: Tensor or variable of shape `(inputs, rank)`.
        right: Of shape `(rank, outputs)`.

    Returns:
        `(left, right)`, tensors of the same values.
    """
    left, right = ops.convert_to_tensor(left), ops.convert_to_tensor(right)
    still_left, still_right = ops.stop_gradient(left), ops.stop_gradient(right)
    of_left = _inverse(ops.matmul(still_right, ops.transpose(still_right)))
    of_right = _inverse(ops.matmul(ops.transpose(still_left), still_left))
    # The differences are zero: only their gradients are multiplied.
    scaled_left = still_left + ops.matmul(left - still_left, of_left)
    scaled_right = still_right + ops.matmul(of_right, right - still_right)
    return scaled_left, scaled_right


def _inverse(gram):
    """The inverse of a positive semidefinite matrix, damped, in float32 at least.

    Of what is no number any more it is NaN: backends raise where there is no inverse, and a
    training that has diverged shall end as it does with plain gradients, with a loss of NaN.
    """
    dtype = gram.dtype
    gram = ops.cast(gram, "float32")
    rank = gram.shape[0]
    unit = ops.eye(rank, dtype="float32")
    damped = gram + (_DAMPING * ops.trace(gram) / rank + _TINY) * unit
    is_finite = ops.all(ops.isfinite(damped))
    inverse = ops.linalg.inv(ops.where(is_finite, damped, unit))
    return ops.cast(ops.where(is_finite, inverse, float("nan")), dtype)
