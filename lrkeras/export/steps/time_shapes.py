"""Layers that give another number of steps than they read: cropped, padded and repeated ones."""

import fractions
from typing import Any

import keras
from keras import ops

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.steps.stream_states import StreamStates
from lrkeras.export.steps.time_axis import TimeAxis

_SHAPES = (keras.layers.ZeroPadding1D, keras.layers.Cropping1D, keras.layers.UpSampling1D)


def changes_length(layer: Any) -> bool:
    """Whether a layer crops, pads or repeats the steps of a sequence."""
    return type(layer) in _SHAPES


def with_other_length(
    layer: Any, x: Any, axis: TimeAxis, states: StreamStates
) -> tuple[Any, TimeAxis]:
    """Calls a layer for which `changes_length` is true.

    Args:
        layer: The layer.
        x: What it reads.
        axis: The time axis of that.
        states: Takes what the layer keeps.

    Returns:
        What it gives, and the time axis of that.

    Raises:
        ConversionError: If its steps do not come with those of the input.
    """
    x = keras.layers.Identity(dtype=x.dtype)(x)  # a tensor of its own, for its own axis
    if isinstance(layer, keras.layers.ZeroPadding1D):
        # The zeros are not computed: what a convolution has before the first step is zeros.
        return x, axis.padded(*layer.padding)
    if isinstance(layer, keras.layers.UpSampling1D):
        return _repeated(layer, x, axis)
    front, back = layer.cropping
    # The last steps are no steps of the result: it ends with the input if it is so much later.
    late = states.delayed(layer.name, x, back) if back else x
    begun = states.begun(layer.name, late, axis.delay + front + back)
    return late, axis.late(front + back, begun)


def _repeated(layer: Any, x: Any, axis: TimeAxis) -> tuple[Any, TimeAxis]:
    size = int(layer.size)
    rate = fractions.Fraction(axis.rate) / size
    if rate.numerator > 1 and rate.denominator > 1:
        raise ConversionError(
            f"Expected UpSampling1D of a size that goes with the {axis.rate} steps before it that "
            f"make one, received `{layer.name}` with size={size}. Use form='sequence'."
        )
    begun = None if axis.begun is None else ops.repeat(axis.begun, size, axis=1)
    return ops.repeat(x, size, axis=1), axis.repeated(size, begun)
