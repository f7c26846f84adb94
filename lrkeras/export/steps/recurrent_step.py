"""Time steps of a recurrent layer as a layer of its own."""

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.form import Form
from lrkeras.export.steps.recurrent_cell import RecurrentCell, output_state

_RECURRENT = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)


class RecurrentStep(keras.layers.Layer):
    """Runs a recurrent layer over the steps of a form, with its states as inputs and outputs.

    `call((x, *states))` takes x of shape (batch, steps, features) and each state (batch, units)
    (zeros if there are none), and returns `[output, *new_states]`; the output is
    (batch, steps, units), or (batch, units), that of the last step, for a layer with
    `return_sequences=False`. A masked step keeps the states, as it does in Keras, and repeats the
    last output, which is one of the states.

    Args:
        cell: The layer's cell.
        form: What runs at once.
        masked: Whether masks count that Keras finds on the inputs. It looks for none where the
            layer was called with an `initial_state`.
    """

    def __init__(self, cell: RecurrentCell, form: Form, masked: bool = True):
        super().__init__(dtype="float32")
        self.cell = cell
        self.form = form
        self.masked = masked
        self.built = True
        self.supports_masking = True

    def call(self, inputs: list[Any], mask: Any = None) -> list[Any]:
        """Runs the steps; `mask` is that of the inputs, (1, steps), or None."""
        # Keras hands a list of one on as what is in it.
        x, *states = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        batch = int(x.shape[0])
        states = states or [ops.zeros((batch, size)) for size in self.cell.state_sizes]
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.masked else None
        layer = self.cell.layer
        if layer.go_backwards:
            x = ops.flip(x, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        rows = _by_time(x)
        mask = None if mask is None else _by_time(ops.expand_dims(mask, -1))
        whole = not self.form.has_states
        inlined = self.cell.inlines(x.shape[1], whole)
        outputs, states = self.cell.run(self.cell.project(rows), states, mask, whole, inlined)
        if not layer.return_sequences:
            return [outputs[-1] if outputs[-1].shape[0] == batch else outputs[-1][-batch:], *states]
        joined = outputs[0] if len(outputs) == 1 else ops.concatenate(outputs, axis=0)
        if batch == 1:
            return [ops.expand_dims(joined, 0), *states]
        of_steps = ops.reshape(joined, (x.shape[1], batch, self.cell.output_size))
        return [ops.transpose(of_steps, (1, 0, 2)), *states]

    def compute_output_spec(self, inputs: list[Any], mask: Any = None) -> list[Any]:
        """What `call` returns; tracing every step to find out would take long."""
        x = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        batch = x.shape[0]
        shape = (batch, x.shape[1]) if self.cell.layer.return_sequences else (batch,)
        output = keras.KerasTensor((*shape, self.cell.output_size), "float32")
        states = [keras.KerasTensor((batch, size), "float32") for size in self.cell.state_sizes]
        return [output, *states]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None


def _by_time(x: Any) -> Any:
    """(batch, steps, features) to (steps * batch, features): the rows of a step are neighbours."""
    if x.shape[0] > 1:
        x = ops.transpose(x, (1, 0, 2))
    # An index would become a STRIDED_SLICE that drops an axis, which XNNPACK refuses.
    return ops.reshape(x, (x.shape[0] * x.shape[1], x.shape[2]))


def is_recurrent(layer: keras.layers.RNN) -> bool:
    """Whether the steps of a recurrent layer are known here."""
    return isinstance(layer, _RECURRENT) or type(layer) is keras.layers.RNN


def check_recurrent(layer: keras.layers.RNN, form: Form, masked: bool = False) -> None:
    """Checks that a recurrent layer can run in a form, from states of zeros.

    Raises:
        ConversionError: If it cannot.
    """
    if not is_recurrent(layer):
        raise ConversionError(
            f"Expected LSTM, GRU, SimpleRNN, RNN or RHN layers, received `{layer.name}` "
            f"({type(layer).__name__}), which has no step form. Use form='sequence'."
        )
    if layer.go_backwards and form.has_states:
        raise ConversionError(
            f"Expected go_backwards=False in the form {form.name!r}, received `{layer.name}` with "
            "go_backwards=True: it needs the end of the sequence first. Train a forward layer for "
            "streaming, or use form='sequence'."
        )
    initial = keras.tree.flatten(layer.get_initial_state(batch_size=1))
    if any(np.any(ops.convert_to_numpy(state)) for state in initial):
        raise ConversionError(
            f"Expected a cell that starts from zeros, received `{layer.name}` with another initial "
            "state: zeros are what resets a step file."
        )
    unknown = output_state(layer.cell) is None and not layer.zero_output_for_mask
    if masked and unknown:
        raise ConversionError(
            f"Expected no mask on `{layer.name}`, received one: a masked step repeats the last "
            f"output, and the output of {type(layer.cell).__name__} is not known to be one of its "
            "states. Give the cell the attribute `output_state`, the index of that state, set "
            "zero_output_for_mask=True, or take the mask away."
        )
