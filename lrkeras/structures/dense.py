"""The unstructured matrix."""

import keras

from lrkeras.structures.structure import Structure


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class Dense(Structure):
    """`W` itself, of shape `(inputs, outputs)`: every entry is a parameter.

    `inputs * outputs` numbers; the reference that other structures are compared with. Layers take
    it as `None`, a plain Keras weight. There is no size to choose, so `compression` is refused.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def _create_weights(self, init):
        self.matrix = self.add_weight(
            shape=self.shape, name="matrix", initializer=init.normal(init.variance)
        )

    def to_dense(self, training=False):
        return keras.ops.convert_to_tensor(self.matrix)

    def _fit(self, w):
        self.matrix.assign(w)
