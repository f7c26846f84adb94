"""Dense layer with a structured kernel."""

import keras
from keras import ops

from lrkeras.layers.structured_layer import StructuredLayer


@keras.saving.register_keras_serializable(package="lrkeras")
class Dense(StructuredLayer, keras.layers.Dense):
    """Densely connected layer whose kernel may be a structure.

    Takes every argument of `keras.layers.Dense`, in its order, then:

    Args:
        kernel_structure: Structure (object, name or config) of the kernel of shape
            `(inputs, units)`, or `None` for a dense one.
    """

    matrix_name = "kernel"

    def __init__(self, units, *args, kernel_structure=None, **kwargs):
        super().__init__(units, *args, **kwargs)
        self._set_spec(kernel_structure)

    def build(self, input_shape):
        if not self.is_structured:
            super().build(input_shape)
            return
        inputs = int(input_shape[-1])
        overhead = self.units if self.use_bias else 0
        self._build_structure((inputs, self.units), overhead, self.kernel_initializer)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: inputs})

    @property
    def kernel(self):
        """The whole kernel, `(inputs, units)`."""
        return self.kernel_structure.to_dense() if self.is_structured else super().kernel

    def call(self, inputs, training=None):
        if not self.is_structured:
            return super().call(inputs, training=training)
        outputs = self.kernel_structure.matmul(inputs, training=bool(training))
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)
