"""LSTM with structured matrices."""

import keras

from lrkeras.layers.lstm_cell import LSTMCell
from lrkeras.layers.structured_rnn import StructuredRNN


@keras.saving.register_keras_serializable(package="lrkeras")
class LSTM(StructuredRNN, keras.layers.LSTM):
    """Long short-term memory whose input and recurrent matrices may be structures.

    Takes every argument of `keras.layers.LSTM`, in its order and with its defaults; without
    structures it is that layer. Training forms each matrix once per batch and multiplies all
    inputs before the loop over time.

    Args:
        kernel_structure: Structure (object, name or config) of the input ("additive") matrix of
            shape `(inputs, 4 * units)`, or `None` for a dense one.
        recurrent_structure: Structure of the recurrent ("multiplicative") matrix of shape
            `(units, 4 * units)`, or `None`.
        joint_structure: One structure over `[x; h]`, of shape `(inputs + units, 4 * units)`, in
            place of these two; what the Kronecker papers do.
        gate_layout: `"per_gate"`: a structure of its own for each gate (i, f, c, o);
            `"stacked"`: one for all four.
        projection_units: Width of a linear projection of the output (LSTMP), or `None`.

    Raises:
        ValueError: If structures are unknown, combined, or cannot have the matrix's shape.

    Example:
    >>> layer = LSTM(650, joint_structure=structures.Kronecker())
    >>> layer(np.zeros((1, 35, 650))).shape
    (1, 650)
    """

    cell_class = LSTMCell
    cell_arguments = (*StructuredRNN.cell_arguments, "projection_units")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.cell.projection_units is not None:
            self.use_cudnn = False  # Keras's kernels know no projection
