"""The cell of `lrkeras.layers.GRU`."""

import keras
from keras import ops

from lrkeras.layers.cell_specs import CellSpecs
from lrkeras.layers.structured_cell import StructuredCell


@keras.saving.register_keras_serializable(package="lrkeras")
class GRUCell(StructuredCell, keras.layers.GRUCell):
    """One step of a GRU whose matrices may be structures.

    Takes every argument of `keras.layers.GRUCell`, in its order, then `kernel_structure`,
    `recurrent_structure`, `joint_structure` and `gate_layout` as `LSTMCell` does; the gates are
    update, reset, candidate (z, r, h).
    """

    gates = 3

    def __init__(
        self,
        units,
        *args,
        kernel_structure=None,
        recurrent_structure=None,
        joint_structure=None,
        gate_layout="per_gate",
        **kwargs,
    ):
        super().__init__(units, *args, **kwargs)
        self._set_specs(
            CellSpecs.of(kernel_structure, recurrent_structure, joint_structure, gate_layout)
        )

    @property
    def _bias_params(self):
        return super()._bias_params * (2 if self.reset_after else 1)

    @property
    def _input_bias(self):
        return self.bias[0] if self.use_bias and self.reset_after else self.bias

    def call(self, inputs, states, training=False):
        h = states[0] if keras.tree.is_nested(states) else states
        x = inputs if self._loop.projected else self.project_inputs(inputs, training)
        x_z, x_r, x_h = ops.split(x, 3, axis=-1)
        masks = [1.0] * 3
        if training and 0.0 < self.recurrent_dropout < 1.0:
            masks = self.get_recurrent_dropout_mask(h)
        if self.reset_after:
            inner = self.project_state(h, training)
            if self.use_bias:
                inner = inner + self.bias[1]
            h_z, h_r, h_h = ops.split(inner, 3, axis=-1)
        elif self.implementation == 1:
            name = self.recurrent_names[0]
            h_z = self._product(name, h * masks[0], (0, 1))
            h_r = self._product(name, h * masks[1], (1, 2))
        else:
            h_z, h_r = ops.split(self._product(self.recurrent_names[0], h, (0, 2)), 2, axis=-1)
        z = self.recurrent_activation(x_z + h_z)
        r = self.recurrent_activation(x_r + h_r)
        if self.reset_after:
            h_h = r * h_h
        else:
            h_h = self._product(self.recurrent_names[0], r * h * masks[2], (2, 3))
        new = z * h + (1 - z) * self.activation(x_h + h_h)
        return new, [new] if keras.tree.is_nested(states) else new
