"""The cell of `lrkeras.layers.SimpleRNN`."""

import keras

from lrkeras.layers.cell_specs import CellSpecs
from lrkeras.layers.structured_cell import StructuredCell


@keras.saving.register_keras_serializable(package="lrkeras")
class SimpleRNNCell(StructuredCell, keras.layers.SimpleRNNCell):
    """One step of an Elman network whose matrices may be structures.

    `h' = activation(W x + U h + b)`. Takes every argument of `keras.layers.SimpleRNNCell`, in its
    order, then `kernel_structure`, `recurrent_structure` and `joint_structure` as `LSTMCell`
    does. There is one gate, so `gate_layout` changes nothing.
    """

    adds_state_product = True

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

    def call(self, inputs, states, training=False):
        h = states[0] if keras.tree.is_nested(states) else states
        x = inputs if self._loop.projected else self.project_inputs(inputs, training)
        z = x + self.project_state(h, training)
        new = z if self.activation is None else self.activation(z)
        return new, [new] if keras.tree.is_nested(states) else new
