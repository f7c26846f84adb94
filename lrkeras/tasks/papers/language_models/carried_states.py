"""Recurrent layers whose states go on from one window of a text to the next."""

from __future__ import annotations

import keras


class CarriedStates(keras.layers.Layer):
    """Runs a recurrent layer from the states that the last call ended with.

    Unlike `stateful=True`, the states are weights of this layer, on every backend: they are reset
    with `reset`, and a backup of the model has them.

    Args:
        rnn: a recurrent layer with `return_sequences=True` and `return_state=True`.
        batch_size: sequences in a batch; always the same.
    """

    def __init__(self, rnn: keras.layers.RNN, batch_size: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.rnn = rnn
        self.batch_size = batch_size
        self.carried: list[keras.Variable] = []

    def build(self, input_shape) -> None:
        self.rnn.build(input_shape)
        for number, width in enumerate(self.rnn.state_size):
            self.carried.append(
                self.add_weight(
                    shape=(self.batch_size, width),
                    initializer="zeros",
                    trainable=False,
                    name=f"state_{number}",
                )
            )

    def call(self, inputs, training: bool = False):
        before = [keras.ops.cast(state, self.compute_dtype) for state in self.carried]
        outputs, *after = self.rnn(inputs, initial_state=before, training=training)
        for state, value in zip(self.carried, after, strict=True):
            state.assign(keras.ops.stop_gradient(keras.ops.cast(value, state.dtype)))
        return outputs

    def compute_output_shape(self, input_shape):
        return self.rnn.compute_output_shape(input_shape)[0]

    def reset(self) -> None:
        """Starts anew, from states of zero."""
        for state in self.carried:
            state.assign(keras.ops.zeros(state.shape, state.dtype))
