"""Time steps of a convolutional LSTM as a layer of its own."""

from typing import Any

import keras
from keras import ops

_LAYERS = (keras.layers.ConvLSTM1D, keras.layers.ConvLSTM2D)


class ConvRecurrentStep(keras.layers.Layer):
    """Runs a `ConvLSTM1D` or `ConvLSTM2D` over some steps, with its states as inputs and outputs.

    `call((x, h, c))` takes x of shape (batch, steps, ...) and the states without the time axis,
    and returns `[output, h, c]`, the output of every step or of the last one.

    Args:
        layer: The built layer.
    """

    def __init__(self, layer: keras.layers.RNN):
        super().__init__(dtype="float32")
        self.layer = layer
        self.built = True
        self.supports_masking = True

    def call(self, inputs: list[Any], begun: Any = None) -> list[Any]:
        """Runs the steps; where `begun` (batch, steps) is zero, states stay as they are."""
        x, *states = inputs
        outputs = []
        for step in range(x.shape[1]):
            of_step = ops.squeeze(x[:, step : step + 1], axis=1)
            output, after = self.layer.cell(of_step, states, training=False)
            if begun is not None:
                has = ops.reshape(
                    begun[:, step : step + 1] > 0.5, (-1,) + (1,) * (len(x.shape) - 2)
                )
                after = [ops.where(has, new, old) for new, old in zip(after, states, strict=True)]
            states = list(after)
            outputs.append(output)
        if self.layer.return_sequences:
            return [ops.stack(outputs, axis=1), *states]
        return [outputs[-1], *states]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None


def is_conv_recurrent(layer: Any) -> bool:
    """Whether a layer is a convolutional LSTM that steps can run."""
    return type(layer) in _LAYERS and not layer.go_backwards


def conv_state_shape(layer: Any, shape: tuple[int | None, ...]) -> tuple[int, ...]:
    """Shape of a state, without the batch.

    Args:
        layer: The layer.
        shape: Of its inputs, (batch, steps, ...).
    """
    made = layer.compute_output_shape((1, 1, *shape[2:]))
    while made and isinstance(made[0], (list, tuple)):
        made = made[0]
    return tuple(int(size) for size in made[2 if layer.return_sequences else 1 :])
