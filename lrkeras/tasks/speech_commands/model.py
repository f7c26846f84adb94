"""The models: log-mel front end, LSTM layers, one output for each label and the blank."""

from __future__ import annotations

from collections.abc import Callable

import keras

from lrkeras import layers, structures
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.front_end import BANDS, make_front_end
from lrkeras.tasks.speech_commands.labels import NUM_OUTPUTS

# Decibels are from -60 to 40, and half of them below -25.
_SCALE, _OFFSET = 1 / 20, 1.25

_Matrices = Callable[[SpeechCommandsConfig, int], dict[str, structures.Structure]]


def _dense(config: SpeechCommandsConfig, number: int) -> dict[str, structures.Structure]:
    return {}


def _toeplitz_shared(config: SpeechCommandsConfig, number: int) -> dict[str, structures.Structure]:
    """Toeplitz-like at the bottom; above, matrices that read the same layer share a factor.

    Lu, Sindhwani, Sainath 2016 (arXiv 1604.02594). A factor multiplies one vector `h` of a layer,
    for the layer itself and for the next one: `norm_after` says where nothing may stand between.
    """
    if number == 0:
        kernel, recurrent = config.displacement_ranks
        return {
            "kernel": structures.ToeplitzLike(kernel),
            "recurrent": structures.ToeplitzLike(recurrent),
        }
    return {
        role: structures.SharedLowRank(config.shared_rank, group=f"hidden_{read}")
        for role, read in (("kernel", number - 1), ("recurrent", number))
    }


def _doped_kronecker(config: SpeechCommandsConfig, number: int) -> dict[str, structures.Structure]:
    doped = structures.doped(
        structures.Kronecker(), compression=config.compression, block=config.block
    )
    return {"joint": doped}


# What the matrices of the recurrent layer of a number are made of, by what they read.
STRUCTURES: dict[str, _Matrices] = {
    "dense": _dense,
    "small_dense": _dense,
    "toeplitz_shared": _toeplitz_shared,
    "projected_cifg": _dense,
    "doped_kronecker": _doped_kronecker,
}


def norm_after(config: SpeechCommandsConfig, name: str, number: int) -> bool:
    """Whether the output of a recurrent layer is normalised before the next layer reads it.

    Not where a factor that the layer applies to its output, for itself, is the next layer's too.
    """
    shares = name == "projected_cifg" or (name == "toeplitz_shared" and number > 0)
    return not shares or number == config.num_layers - 1


def units_of(config: SpeechCommandsConfig, name: str, number: int) -> int:
    """How many cells the recurrent layer of a number has."""
    return {
        "small_dense": config.small_units,
        "toeplitz_shared": config.shared_units[number > 0],
        "projected_cifg": config.cifg_units[0],
    }.get(name, config.units)


def _recurrent(config: SpeechCommandsConfig, name: str, number: int) -> keras.layers.Layer:
    title = f"lstm_{number}"
    if name == "projected_cifg":
        cell = layers.CIFGCell(*config.cifg_units, name=f"cifg_{number}")
        return keras.layers.RNN(cell, return_sequences=True, name=title)
    # Gates of which each has the same factor are one product with the other factor.
    stacked = name == "toeplitz_shared" and number > 0
    return layers.LSTM(
        units_of(config, name, number),
        return_sequences=True,
        name=title,
        gate_layout="stacked" if stacked else "per_gate",
        **{f"{role}_structure": one for role, one in STRUCTURES[name](config, number).items()},
    )


def build_network(
    config: SpeechCommandsConfig, name: str, norms_of: str | None = None
) -> keras.Model:
    """Builds the part after the front end.

    Args:
        config: the run.
        name: a name of `STRUCTURES`.
        norms_of: another, for a network that is normalised where that one is.

    Returns:
        A model from log-mels in decibels `(batch, frames, bands)` to logits `(batch, frames,
        outputs)`; output `BLANK` is the blank of CTC.

    Raises:
        ValueError: the name is unknown.
    """
    if name not in STRUCTURES:
        raise ValueError(f"Expected a model name of {sorted(STRUCTURES)}; received {name!r}.")
    frames = keras.Input((None, BANDS), name="log_mel")
    hidden = keras.layers.Rescaling(_SCALE, _OFFSET, name="scale")(frames)
    # Beside the bands themselves their shape, which is the same at any loudness.
    shape = keras.layers.LayerNormalization(epsilon=1e-3, name="shape")(hidden)
    hidden = keras.layers.Concatenate(name="features")([hidden, shape])
    for number in range(config.num_layers):
        hidden = _recurrent(config, name, number)(hidden)
        if norm_after(config, norms_of or name, number):
            hidden = keras.layers.LayerNormalization(epsilon=1e-3, name=f"norm_{number}")(hidden)
        if config.dropout:
            hidden = keras.layers.Dropout(config.dropout, name=f"dropout_{number}")(hidden)
    logits = layers.Dense(NUM_OUTPUTS, name="logits")(hidden)
    return keras.Model(frames, logits, name=norms_of or name)


def with_front_end(network: keras.Model) -> keras.Model:
    """Puts the front end before a network.

    Args:
        network: what `build_network` made; its layers are used as they are.

    Returns:
        A model from samples `(batch, samples)` in [-1, 1] to logits `(batch, samples // HOP,
        outputs)`.
    """
    samples = keras.Input((None,), name="samples")
    frames = keras.layers.Permute((2, 1), name="frames")(make_front_end()(samples))
    # A model of its own, so that no optimiser is saved with it.
    plain = keras.Model(network.input, network.output, name=network.name)
    return keras.Model(samples, plain(frames), name=f"{network.name}_with_front_end")


def network_of(model: keras.Model) -> keras.Model:
    """The part of a model after its front end."""
    return model.layers[-1]
