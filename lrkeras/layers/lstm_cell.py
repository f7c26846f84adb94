"""The cell of `lrkeras.layers.LSTM`."""

import keras
from keras import ops

from lrkeras.layers.cell_specs import CellSpecs
from lrkeras.layers.structured_cell import StructuredCell


@keras.saving.register_keras_serializable(package="lrkeras")
class LSTMCell(StructuredCell, keras.layers.LSTMCell):
    """One step of an LSTM whose matrices may be structures.

    Takes every argument of `keras.layers.LSTMCell`, in its order, then:

    Args:
        kernel_structure: Structure (object, name or config) of the input matrix, or `None`.
        recurrent_structure: Structure of the recurrent matrix, or `None`.
        joint_structure: One structure over `[x; h]` in place of these two.
        gate_layout: `"per_gate"`: each of the four gates (i, f, c, o) has a structure of its own;
            `"stacked"`: one structure makes all four.
        projection_units: Width of a linear projection of the output, which also is what recurs
            (LSTMP, Sak et al. 2014, arXiv 1402.1128), or `None`.

    Used alone, the cell multiplies factor by factor, which is how converted models run;
    `lrkeras.layers.LSTM` forms the matrices once for all time steps. Co-matrix dropout acts in
    the latter only.
    """

    gates = 4
    adds_state_product = True

    def __init__(
        self,
        units,
        *args,
        kernel_structure=None,
        recurrent_structure=None,
        joint_structure=None,
        gate_layout="per_gate",
        projection_units=None,
        **kwargs,
    ):
        super().__init__(units, *args, **kwargs)
        if projection_units is not None and projection_units <= 0:
            raise ValueError(
                "`projection_units` must be a positive integer or None. "
                f"Received: projection_units={projection_units}"
            )
        self.projection_units = projection_units
        self.state_size = [projection_units or units, units]
        self.output_size = projection_units or units
        self._set_specs(
            CellSpecs.of(kernel_structure, recurrent_structure, joint_structure, gate_layout)
        )

    def build(self, input_shape):
        super().build(input_shape)
        self.projection_kernel = None
        if self.projection_units is not None:
            self.projection_kernel = self.add_weight(
                shape=(self.units, self.projection_units),
                name="projection_kernel",
                initializer=self.kernel_initializer,
            )

    def add_weight(self, *args, name=None, **kwargs):
        if name == "recurrent_kernel":
            kwargs["shape"] = (self._state_width, kwargs["shape"][1])
        return super().add_weight(*args, name=name, **kwargs)

    @property
    def _state_width(self):
        return self.projection_units or self.units

    def call(self, inputs, states, training=False):
        h, c = states[0], states[1]
        i, f, candidate, o = ops.split(self._gate_inputs(inputs, h, training), 4, axis=-1)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(
            candidate
        )
        h = self.recurrent_activation(o) * self.activation(c)
        if self.projection_units is not None:
            h = ops.matmul(h, self.projection_kernel)
        return h, [h, c]

    def _gate_inputs(self, inputs, h, training):
        if self._loop.projected:
            return inputs + self.project_state(h, training)
        noisy = training and (self.dropout or self.recurrent_dropout)
        if self.joint_structure is not None and self._loop.dense is None and not noisy:
            z = self.joint_structure.matmul(ops.concatenate([inputs, h], axis=-1))
            return z if self.bias is None else z + self.bias
        return self.project_inputs(inputs, training) + self.project_state(h, training)

    def get_config(self):
        return {**super().get_config(), "projection_units": self.projection_units}
