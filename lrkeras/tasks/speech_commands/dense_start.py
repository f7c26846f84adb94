"""Networks of fewer numbers that start from a trained dense one."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from lrkeras import layers, structures
from lrkeras.compression import compress, prune_units
from lrkeras.compression.warm_start import warm_start
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.model import STRUCTURES, build_network, norm_after, units_of


def dense_start(
    config: SpeechCommandsConfig, name: str, teacher: keras.Model, examples: np.ndarray
) -> keras.Model:
    """Builds a network and gives it what fits of a trained dense one.

    Units that matter least on examples go (`prune_units`), factors are fitted to give the same
    outputs on them (`compress`). A doped matrix starts as the dense one: its sparse part, still
    full, is what the Kronecker product leaves, and training thins it out.

    Args:
        config: the run.
        name: a name of `STRUCTURES`, of a network of LSTM layers.
        teacher: what `build_network(config, "dense")` made, trained; it is not changed.
        examples: log-mels `(batch, frames, bands)` in decibels.

    Returns:
        A model of the layers and shapes of `build_network(config, name)`.

    Raises:
        ValueError: the network has more units than the dense one.
    """
    if name == "doped_kronecker":
        return _doped(build_network(config, name), teacher)
    network = _with_norms_of(config, name, teacher, examples)
    units = {f"lstm_{n}": units_of(config, name, n) for n in range(config.num_layers)}
    if max(units.values()) > config.units:
        raise ValueError(
            f"Expected at most the {config.units} units of the dense model, from which "
            f"{name!r} starts; received {units}."
        )
    if min(units.values()) < config.units:
        network, _ = prune_units(
            network, units=units, calibration=examples, through_normalization=True
        )
    if name == "toeplitz_shared":
        return _fitted(config, network, _matrices(config, name), examples)
    return network


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


def _with_norms_of(
    config: SpeechCommandsConfig, name: str, teacher: keras.Model, examples: np.ndarray
) -> keras.Model:
    """The dense network without the normalisations that a network does not have.

    What is left of one is linear: it takes the mean off and scales, by the mean on examples of what
    it would divide by. The matrix that reads it does that too.
    """
    network = build_network(config, "dense", norms_of=name)
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(teacher.get_layer(layer.name).get_weights())
    for number in range(config.num_layers - 1):
        if norm_after(config, name, number):
            continue
        norm, reader = teacher.get_layer(f"norm_{number}"), network.get_layer(f"lstm_{number + 1}")
        output = keras.Model(teacher.input, teacher.get_layer(f"lstm_{number}").output)
        variance = output.predict(examples, verbose=0).var(axis=-1)
        gamma, beta = norm.get_weights()
        kernel, recurrent, bias = reader.get_weights()
        scaled = gamma[:, None] * kernel * np.mean((variance + norm.epsilon) ** -0.5)
        centred = scaled - scaled.mean(axis=0)
        reader.set_weights([centred, recurrent, bias + beta @ kernel])
    return network


def _matrices(config: SpeechCommandsConfig, name: str) -> dict[str, structures.Structure]:
    return {
        f"lstm_{number}.{role}": structure
        for number in range(config.num_layers)
        for role, structure in STRUCTURES[name](config, number).items()
    }


def _fitted(
    config: SpeechCommandsConfig,
    network: keras.Model,
    matrices: dict[str, structures.Structure],
    examples: np.ndarray,
) -> keras.Model:
    """The network with structures in the layout that `build_network` has."""
    shared = {key: m for key, m in matrices.items() if isinstance(m, structures.SharedLowRank)}
    others = {key: m for key, m in matrices.items() if key not in shared}
    for fits, layout in ((others, "per_gate"), (shared, "stacked")):
        if fits:
            network, _ = compress(
                network, fits, calibration=examples, gate_layout=layout, seed=config.seed
            )
    return network
