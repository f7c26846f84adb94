"""GRU with structured matrices."""

import keras

from lrkeras.layers.gru_cell import GRUCell
from lrkeras.layers.structured_rnn import StructuredRNN


@keras.saving.register_keras_serializable(package="lrkeras")
class GRU(StructuredRNN, keras.layers.GRU):
    """Gated recurrent unit whose input and recurrent matrices may be structures.

    Takes every argument of `keras.layers.GRU`, in its order and with its defaults, then
    `kernel_structure`, `recurrent_structure`, `joint_structure` and `gate_layout` as
    `lrkeras.layers.LSTM` does; without structures it is Keras's layer.
    """

    cell_class = GRUCell
