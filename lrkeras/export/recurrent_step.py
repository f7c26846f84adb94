"""One time step of a recurrent layer as a layer of its own."""

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.export.conversion_error import ConversionError

_RECURRENT = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)


class RecurrentStep(keras.layers.Layer):
    """Calls the cell of a recurrent layer once, with its states as inputs and outputs.

    `call((x, *states))` takes x of shape (1, 1, features) and each state with a batch of one,
    and returns `[output, *new_states]`; the output is (1, 1, units), or (1, units) for a layer
    with `return_sequences=False`. A masked step keeps the states, as it does in Keras, and
    repeats the last output, which for every layer accepted here is the first state.

    Args:
        layer: A built `keras.layers.RNN`.
        cell_step: `cell_step(x, states) -> (output, new_states)` with x (1, features), in place
            of the layer's cell.
    """

    def __init__(self, layer: keras.layers.RNN, cell_step: Any = None):
        super().__init__(dtype="float32")
        self.layer = layer
        self._cell_step = cell_step or self._call_cell
        self.built = True
        self.supports_masking = True

    def call(self, inputs: list[Any], mask: Any = None) -> list[Any]:
        """Runs the step; `mask` is that of the inputs, (1, 1), or None."""
        x, *states = inputs
        output, new_states = self._cell_step(x[:, 0], states)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if mask is not None:
            output, new_states = self._masked(mask, output, states, new_states)
        if self.layer.return_sequences:
            output = ops.expand_dims(output, 1)
        return [output, *new_states]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None

    def _call_cell(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        nested = keras.tree.pack_sequence_as(self.layer.cell.state_size, states)
        if not isinstance(nested, (list, tuple)):
            nested = [nested]
        output, new_states = self.layer.cell(x, nested, training=False)
        return output, keras.tree.flatten(new_states)

    def _masked(
        self, mask: Any, output: Any, states: list[Any], new_states: list[Any]
    ) -> tuple[Any, list[Any]]:
        kept = ops.zeros_like(output) if self.layer.zero_output_for_mask else states[0]
        blended = [ops.where(mask, new, old) for new, old in zip(new_states, states, strict=True)]
        return ops.where(mask, output, kept), blended


def check_recurrent(layer: keras.layers.RNN) -> None:
    """Checks that a recurrent layer can run a step at a time, from states of zeros.

    Raises:
        ConversionError: If it cannot.
    """
    if not isinstance(layer, _RECURRENT) and type(layer) is not keras.layers.RNN:
        raise ConversionError(
            f"Expected LSTM, GRU, SimpleRNN, RNN or RHN layers, received `{layer.name}` "
            f"({type(layer).__name__}), which has no step form."
        )
    if layer.go_backwards:
        raise ConversionError(
            f"Expected go_backwards=False, received `{layer.name}` with go_backwards=True: it "
            "needs the end of the sequence first. Train a forward layer for streaming."
        )
    initial = keras.tree.flatten(layer.get_initial_state(batch_size=1))
    if any(np.any(ops.convert_to_numpy(state)) for state in initial):
        raise ConversionError(
            f"Expected a cell that starts from zeros, received `{layer.name}` with another initial "
            "state: zeros are what resets a step file."
        )
