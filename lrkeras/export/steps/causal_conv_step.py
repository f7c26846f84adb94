"""Time steps of a causal convolution as a layer of its own."""

from typing import Any

import keras
from keras import ops

from lrkeras.export.conversion_error import ConversionError


class CausalConvStep(keras.layers.Layer):
    """Runs a causal `Conv1D` over some steps, with the inputs before them as its state.

    `call((x, before))` takes x of shape (1, steps, features) and the last
    `dilation * (kernel_size - 1)` inputs before it, and returns the output (1, steps, filters) and
    the last inputs by then. States of zeros are the padding at the start of a sequence.

    Args:
        layer: A built layer for which `is_causal_conv` is true.
    """

    def __init__(self, layer: keras.layers.Conv1D):
        super().__init__(dtype="float32")
        self.layer = layer
        self.built = True
        self.supports_masking = True

    def call(self, inputs: list[Any]) -> list[Any]:
        """Runs the steps."""
        x, before = inputs
        layer = self.layer
        seen = ops.concatenate([before, x], axis=1)
        output = ops.conv(
            seen,
            layer.kernel,
            strides=1,
            padding="valid",
            dilation_rate=layer.dilation_rate,
            data_format="channels_last",
        )
        if layer.use_bias:
            output = output + layer.bias
        if layer.activation is not None:
            output = layer.activation(output)
        return [output, seen[:, x.shape[1] :]]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None


def is_causal_conv(layer: Any) -> bool:
    """Whether a layer is a convolution over the inputs so far.

    Raises:
        ConversionError: If it is one that has no step form.
    """
    if type(layer) is not keras.layers.Conv1D or layer.padding != "causal":
        return False
    if layer.strides != (1,) or layer.data_format != "channels_last":
        raise ConversionError(
            "Expected causal Conv1D layers with strides=1 and channels_last, received "
            f"`{layer.name}` with strides={layer.strides} and {layer.data_format}: with another "
            "stride a step has no output of its own."
        )
    return True


def conv_state_shape(layer: keras.layers.Conv1D) -> tuple[int, int, int]:
    """Shape of the state, (1, steps before, features)."""
    features = int(layer.kernel.shape[1]) * layer.groups
    return (1, layer.dilation_rate[0] * (layer.kernel_size[0] - 1), features)
