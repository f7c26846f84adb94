"""Elman network with structured matrices."""

import keras

from lrkeras.layers.simple_rnn_cell import SimpleRNNCell
from lrkeras.layers.structured_rnn import StructuredRNN


@keras.saving.register_keras_serializable(package="lrkeras")
class SimpleRNN(StructuredRNN, keras.layers.SimpleRNN):
    """Fully connected recurrent layer whose input and recurrent matrices may be structures.

    Takes every argument of `keras.layers.SimpleRNN`, in its order and with its defaults, then
    `kernel_structure`, `recurrent_structure`, `joint_structure` and `gate_layout` as
    `lrkeras.layers.LSTM` does; without structures it is Keras's layer.
    """

    cell_class = SimpleRNNCell
    has_cudnn = False
