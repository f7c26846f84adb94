"""The hard sigmoid of Keras 1 and 2."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="lrkeras", name="legacy_hard_sigmoid")
def hard_sigmoid(x):
    """`clip(0.2 x + 0.5, 0, 1)`, the `hard_sigmoid` of Keras before version 3.

    `keras.activations.hard_sigmoid` of Keras 3 is `clip(x / 6 + 0.5, 0, 1)`: up to a twelfth away,
    which an LSTM that was trained with the old one does not forgive.
    """
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)
