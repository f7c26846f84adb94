"""Compressed networks that start from a trained dense one."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from lrkeras import layers
from lrkeras.compression.compress import compress
from lrkeras.compression.warm_start import warm_start
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.model import STRUCTURES, build_network


def fitted_start(
    config: SpeechCommandsConfig, name: str, teacher: keras.Model, examples: np.ndarray
) -> keras.Model:
    """Builds a network whose matrices are near those of a dense one of the same size.

    Factors are fitted to give the same outputs on examples. A doped matrix starts as the dense one:
    its sparse part, still full, is what the Kronecker product leaves, and training thins it out.

    Args:
        config: the run.
        name: a name of `config.FITTED`.
        teacher: what `build_network(config, "dense")` made, trained; it is not changed.
        examples: log-mels `(batch, frames, bands)` in decibels.

    Returns:
        A model with the inputs and outputs of the teacher.
    """
    if name == "doped_kronecker":
        return _doped(build_network(config, name), teacher)
    fits = {
        f"lstm_{number}.{role}": structure
        for number in range(config.num_layers)
        for role, structure in STRUCTURES[name](config, number).items()
    }
    return compress(teacher, fits, calibration=examples, seed=config.seed)[0]


def _doped(network: keras.Model, teacher: keras.Model) -> keras.Model:
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
    return network
