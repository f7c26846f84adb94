"""The bytes and the time of a row's LSTMs on a device, measured on this machine."""

from __future__ import annotations

import pathlib

import keras
import numpy as np

from lrkeras.export import ConversionError, convert
from lrkeras.system.held_folder import scratch_folder
from lrkeras.tasks.papers.elmo.bilm import forward_layers
from lrkeras.tasks.papers.elmo.elmo_config import BASES, ElmoConfig
from lrkeras.tasks.papers.language_models.deployment import times_of


def measure_deployment(bilm: keras.Model, config: ElmoConfig, characters: np.ndarray) -> dict:
    """Converts the forward LSTMs of a row to int8 and times a step beside the dense ones in int8.

    Only they can be stepped: the backward ones begin at the end of a text. The others are of the
    same size.

    Args:
        bilm: of the row, trained.
        config: the row.
        characters: `character_ids` of a text, `(words, characters)`, on which the file is compared
            with Keras.

    Returns:
        Bytes, microseconds and the ratio to dense int8, the median over rounds in which both ran;
        or `skipped`, the reason why there are none.
    """
    if keras.backend.backend() != "tensorflow":
        return {"skipped": "converted on the TensorFlow backend only"}
    row = forward_layers(config)
    for number in range(config.num_layers):
        name = f"forward_{number}"
        row.get_layer(name).set_weights(bilm.get_layer(name).get_weights())
    words = bilm.predict_on_batch(characters[None])[:, :, 0, : config.projection]
    with scratch_folder() as folder:
        files = [pathlib.Path(folder) / f"{kind}.tflite" for kind in ("dense", "row")]
        try:
            convert(forward_layers(BASES[config.base]), files[0], quantize="int8")
            convert(row, files[1], quantize="int8", sample=words)
        except (ConversionError, ValueError, NotImplementedError) as error:
            return {"skipped": " ".join(str(error).split())[:300]}
        return {"file_bytes": files[1].stat().st_size, **times_of(*files)}
