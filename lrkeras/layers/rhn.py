"""Recurrent highway network."""

import keras

from lrkeras.layers.rhn_cell import RHNCell
from lrkeras.layers.structured_rnn import StructuredRNN


@keras.saving.register_keras_serializable(package="lrkeras")
class RHN(StructuredRNN, keras.layers.SimpleRNN):
    """Recurrent highway network with structured matrices; see `RHNCell` for the equations.

    Takes every argument of `keras.layers.SimpleRNN`, in its order, then `depth`,
    `recurrent_activation`, `transform_bias`, `kernel_structure`, `recurrent_structure` (of each
    micro-step) and `gate_layout`.
    """

    cell_class = RHNCell
    has_cudnn = False
    cell_arguments = (
        "kernel_structure",
        "recurrent_structure",
        "gate_layout",
        "depth",
        "recurrent_activation",
        "transform_bias",
    )
