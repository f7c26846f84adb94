"""The recognisers of the AN4 table."""

from __future__ import annotations

import keras
import numpy as np

from lrkeras import layers, structures
from lrkeras.tasks.papers.an4.alphabet import NUM_OUTPUTS
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.sizes import ranks_of


def recogniser(config: AN4Config, moments: tuple[np.ndarray, np.ndarray]) -> keras.Model:
    """Builds the model that is trained, saved and converted.

    The layers go forward in time only, so that it can stream. Nothing stands between two layers
    but dropout, so that a layer with a projection gives the same `P h` to itself and to the next.

    Args:
        config: the run.
        moments: mean and standard deviation of the features of one frame, `(features,)` each.

    Returns:
        A model from steps `(batch, steps, stacked_frames * features)` to logits `(batch, steps,
        NUM_OUTPUTS)`; output `BLANK` is the blank of CTC.
    """
    mean, deviation = (np.tile(part, config.stacked_frames) for part in moments)
    steps = keras.Input((None, len(mean)), name="steps")
    normalise = keras.layers.Normalization(
        mean=mean.tolist(), variance=np.square(deviation).tolist(), name="normalise"
    )
    hidden = normalise(steps)
    ranks = ranks_of(config)
    for number in range(config.num_layers):
        hidden = layers.LSTM(
            config.units,
            return_sequences=True,
            name=f"lstm_{number}",
            **_structures(ranks, number, config.method),
        )(hidden)
        if config.dropout:
            hidden = keras.layers.Dropout(config.dropout, name=f"dropout_{number}")(hidden)
    logits = keras.layers.Dense(NUM_OUTPUTS, name="logits")(hidden)
    return keras.Model(steps, logits, name=config.row)


def lstm_layers(model: keras.Model) -> list[layers.LSTM]:
    """The recurrent layers of a recogniser, from the input on."""
    return [layer for layer in model.layers if isinstance(layer, layers.LSTM)]


def _structures(ranks: dict[str, int], number: int, method: str) -> dict:
    """The arguments of a layer that say what its matrices are."""
    found: dict = {}
    for role in ("kernel", "recurrent"):
        rank = ranks.get(f"{role}_{number}")
        if rank is None:
            continue
        is_toeplitz = method == "toeplitz_like" or (method == "hybrid_stack" and number == 0)
        kind = structures.ToeplitzLike if is_toeplitz else structures.LowRank
        found[f"{role}_structure"] = kind(rank)
        found["gate_layout"] = "per_gate" if is_toeplitz else "stacked"
    # `Wh = Zh P` and `Wx = Zx P` of the next layer: one product `P h` for both.
    projection = ranks.get(f"projection_{number}")
    if projection is not None:
        found["projection_units"] = projection
    return found
