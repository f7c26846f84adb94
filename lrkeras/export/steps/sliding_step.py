"""Layers over a few neighbouring time steps, with the inputs before them as their state."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.steps.time_axis import TimeAxis

_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.SeparableConv1D, keras.layers.DepthwiseConv1D)
_POOLINGS = (keras.layers.MaxPooling1D, keras.layers.AveragePooling1D)


class SlidingStep(keras.layers.Layer):
    """Runs a convolution or a pooling over some steps.

    `call((x, before))` takes x of shape (batch, steps, features) and the last inputs before it,
    and returns the output (batch, steps / stride, filters) and the last inputs by then. States of
    zeros are the padding at the start of a sequence.

    Args:
        layer: A built layer for which `is_sliding` is true.
        window: Which inputs each output reads.
    """

    def __init__(self, layer: keras.layers.Layer, window: "SlidingWindow"):
        super().__init__(dtype="float32")
        self.layer = layer
        self.window = window
        self.built = True
        self.supports_masking = True

    def call(self, inputs: list[Any]) -> list[Any]:
        """Runs the steps."""
        x, *before = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        window, steps = self.window, x.shape[1]
        seen = ops.concatenate([*before, x], axis=1) if before else x
        first = window.skipped
        last = first + (steps // window.stride - 1) * window.stride + window.size
        read = seen if (first, last) == (0, seen.shape[1]) else seen[:, first:last]
        with _without_padding(self.layer):
            output = self.layer(read)
        return [output, seen[:, steps:]] if before else [output]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None


@dataclasses.dataclass(frozen=True)
class SlidingWindow:
    """Which inputs each output of a sliding layer reads, as a stream has them.

    Attributes:
        size: Inputs from the first to the last that an output reads.
        stride: Inputs from one output to the next.
        before: Inputs before a call that its outputs read.
        skipped: Inputs in front of those that the first output reads.
        axis: The time axis of the outputs, without what has begun.
    """

    size: int
    stride: int
    before: int
    skipped: int
    axis: TimeAxis

    @classmethod
    def of(cls, layer: Any, axis: TimeAxis, length: int | None) -> "SlidingWindow":
        """Finds the window.

        An output comes with the inputs of its own stride if these reach far enough, and as many
        outputs later as it takes otherwise.

        Args:
            layer: One for which `is_sliding` is true.
            axis: That of its inputs.
            length: Inputs of a whole sequence, if it is fixed.
        """
        size, stride = _size_and_stride(layer)
        if axis.padding and (layer.padding != "valid" or size - stride < axis.padding):
            raise ConversionError(
                f"Expected a convolution with padding='valid' over {axis.padding} steps more than "
                f"its strides after a ZeroPadding1D of {axis.padding} zeros, received "
                f"`{layer.name}` over {size} steps with strides={stride} and "
                f"padding={layer.padding!r}. Use form='sequence'."
            )
        left = _padding_at_front(layer, size, stride, length)
        reach = size - left + axis.delay - stride
        delay = max(0, -(-reach // stride))
        before = delay * stride + left - axis.delay
        late = layer.padding == "same" and size - left > stride
        made = TimeAxis(rate=axis.rate * stride, delay=delay, lacks_end=axis.lacks_end or late)
        return cls(size, stride, max(before, 0), max(-before, 0), made)


def is_sliding(layer: Any) -> bool:
    """Whether a layer is a convolution or a pooling over neighbouring steps.

    Raises:
        ConversionError: If it is one that has no streaming form.
    """
    if type(layer) not in (*_CONVOLUTIONS, *_POOLINGS):
        return False
    if layer.data_format != "channels_last":
        raise ConversionError(
            f"Expected layers with data_format='channels_last' in a streaming form, received "
            f"`{layer.name}` with {layer.data_format}. Use form='sequence'."
        )
    size, stride = _size_and_stride(layer)
    if isinstance(layer, _POOLINGS) and layer.padding == "same" and size > stride:
        raise ConversionError(
            f"Expected pooling with padding='valid', or as wide as its strides, in a streaming "
            f"form, received `{layer.name}` over {size} steps with strides={stride} and "
            "padding='same', which leaves the ends of the sequence out of its results. Use "
            "form='sequence', or train with padding='valid'."
        )
    return True


def _size_and_stride(layer: Any) -> tuple[int, int]:
    if isinstance(layer, _POOLINGS):
        return _first(layer.pool_size), _first(layer.strides)
    dilation = _first(layer.dilation_rate)
    return dilation * (_first(layer.kernel_size) - 1) + 1, _first(layer.strides)


def _padding_at_front(layer: Any, size: int, stride: int, length: int | None) -> int:
    if layer.padding == "causal":
        return size - 1
    if layer.padding != "same":
        return 0
    if length is None:  # a multiple of the stride, which chunks are
        return max(size - stride, 0) // 2
    return max((-(-length // stride) - 1) * stride + size - length, 0) // 2


def _first(value: Any) -> int:
    return int(value[0] if isinstance(value, (list, tuple)) else value)


@contextlib.contextmanager
def _without_padding(layer: Any) -> Iterator[None]:
    """While it lasts, a layer reads what it is given and nothing around it."""
    before, layer.padding = layer.padding, "valid"
    try:
        yield
    finally:
        layer.padding = before
