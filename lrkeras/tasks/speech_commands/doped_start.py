"""A doped network that starts as a trained dense one."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from lrkeras import layers
from lrkeras.compression.warm_start import warm_start


def doped_start(network: keras.Model, teacher: keras.Model) -> None:
    """Gives a doped network the weights of a dense one of the same size.

    Its sparse part, still full, is what the Kronecker product leaves of a matrix; training thins it
    out.

    Args:
        network: what `build_network(config, "doped_kronecker")` made; it is changed.
        teacher: what `build_network(config, "dense")` made, trained.
    """
    for layer in network.layers:
        if not layer.weights:
            continue
        source = teacher.get_layer(layer.name)
        if isinstance(layer, layers.LSTM):
            parts = (source.cell.kernel, source.cell.recurrent_kernel)
            whole = np.concatenate([ops.convert_to_numpy(part) for part in parts])
            warm_start(layer.cell.joint_structure, whole)
            layer.cell.bias.assign(source.cell.bias)
        else:
            layer.set_weights(source.get_weights())
