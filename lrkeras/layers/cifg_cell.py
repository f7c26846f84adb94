"""The recurrent cell of a well-known keyboard model, as a baseline."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="lrkeras")
class CIFGCell(keras.layers.Layer):
    """LSTM step with coupled input and forget gates (f = 1 - i) and a projected state.

    Greff et al. 2017 (arXiv 1503.04069), "CIFG"; with 670 units and a projection of 96 it is the
    recurrent layer of Hard et al. 2018 (arXiv 1811.03604). Gates in the order i, c, o.

    Args:
        units: width of the cell state.
        projection_units: width of what is passed on and fed back.
    """

    # Which of the states the output is: what a masked step repeats.
    output_state = 0

    def __init__(self, units: int, projection_units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.units, self.projection_units = units, projection_units
        self.state_size = [projection_units, units]
        self.output_size = projection_units

    def build(self, input_shape) -> None:
        """Makes the weights for inputs of shape `(batch, features)`."""
        gates = 3 * self.units
        add = self.add_weight
        self.kernel = add(
            shape=(input_shape[-1], gates), initializer="glorot_uniform", name="kernel"
        )
        self.recurrent_kernel = add(
            shape=(self.projection_units, gates), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = add(shape=(gates,), initializer="zeros", name="bias")
        self.projection_kernel = add(
            shape=(self.units, self.projection_units),
            initializer="glorot_uniform",
            name="projection_kernel",
        )

    def call(self, inputs, states, training=False):
        """One step: `(batch, features)` and the two states to the output and the new states."""
        h, c = states
        gates = ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent_kernel) + self.bias
        i, candidate, o = ops.split(gates, 3, axis=-1)
        i = ops.sigmoid(i)
        c = (1 - i) * c + i * ops.tanh(candidate)
        h = ops.matmul(ops.sigmoid(o) * ops.tanh(c), self.projection_kernel)
        return h, [h, c]

    def get_config(self):
        """What `__init__` takes."""
        sizes = {"units": self.units, "projection_units": self.projection_units}
        return {**super().get_config(), **sizes}
