"""Rounded weights that can be trained."""

from typing import Any

from keras import ops

from lrkeras.rounding.least_squares import largest_integer


def straight_through(weights: Any, scale: Any, bits: int) -> Any:
    """Rounds weights as `scale * clip(rint(weights / scale))`; gradients pass as if it did not.

    The straight-through estimator of Bengio et al. 2013 (arXiv 1308.3432). The values are those of
    `Rounded.dense` to the last bit. Gradients of weights beyond the range pass too, so that these
    come back.

    Args:
        weights: Tensor or variable.
        scale: Positive, of the same rank, 1 along every axis that shares its scales.
        bits: 4 or 8.

    Returns:
        A tensor of the shape of `weights`.
    """
    top = largest_integer(bits)

    @ops.custom_gradient
    def rounded(weights, scale):
        integers = ops.clip(ops.round(weights / scale), -top, top)

        def grad(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return upstream, ops.zeros_like(scale)

        return integers * scale, grad

    # TensorFlow takes no variables here; a reshape reads them and copies nothing.
    return rounded(ops.reshape(weights, weights.shape), ops.reshape(scale, scale.shape))
