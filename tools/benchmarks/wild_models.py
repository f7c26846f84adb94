"""Seven models that others trained and published, each under the MIT licence, as they are."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import keras
from brought_models import Brought
from keras import layers


@dataclasses.dataclass(frozen=True)
class Published(Brought):
    """A file of somebody else.

    Attributes:
        file: The file.
    """

    file: pathlib.Path = pathlib.Path()

    def save(self, folder: pathlib.Path) -> tuple[pathlib.Path, Callable | None]:
        """The file as it is; nobody is there to be asked what it computes."""
        return self.file, None


def wild_models(folder: pathlib.Path) -> list[Published]:
    """The models in the folder that they were unpacked to."""

    def published(name: str, kind: str, file: str, make: Any = None, **options: Any) -> Published:
        source = pathlib.Path(file).suffix if make is None else ".weights.h5"
        return Published(name, kind, make, source, options, folder / file)

    return [
        published("turbofan", "HDF5 of Keras 2.0: two LSTMs over a window", "turbofan.h5"),
        published("melody", "HDF5 of Keras 2: notes, open length", "melody.h5"),
        published("ethnicolr", "HDF5 of Keras 2: names by letters", "ethnicolr_census.h5"),
        published("EMG", ".keras of Keras 3.9: Reshape, unrolled LSTM", "emg_unroll.keras"),
        published("next word, public", ".keras of Keras 3.15", "nextword.keras"),
        published("DTLN, first half", "weights alone, of a part", "dtln_weights.h5", dtln_mask),
        published("DTLN, second half", "weights alone, of a part", "dtln_weights.h5", dtln_filter),
        published("GTCRN", "ONNX: streaming, states as inputs", "gtcrn_simple.onnx"),
    ]


def dtln_mask() -> keras.Model:
    """The half of DTLN that computes a mask from magnitudes (Westhausen and Meyer, 2020)."""
    x = keras.Input((None, 257), name="magnitude")
    h = x
    for name in ("lstm", "lstm_1"):
        h = layers.LSTM(128, return_sequences=True, name=name)(h)
    return keras.Model(x, layers.Dense(257, activation="sigmoid", name="dense")(h))


def dtln_filter() -> keras.Model:
    """The half that filters frames of samples in a space that it learned."""
    x = keras.Input((None, 512), name="frame")
    encoded = layers.Conv1D(256, 1, use_bias=False, name="conv1d")(x)
    h = layers.LayerNormalization(epsilon=1e-7, name="layer_normalization")(encoded)
    for name in ("lstm_2", "lstm_3"):
        h = layers.LSTM(128, return_sequences=True, name=name)(h)
    mask = layers.Dense(256, activation="sigmoid", name="dense_1")(h)
    h = layers.Multiply()([mask, encoded])
    return keras.Model(x, layers.Conv1D(512, 1, use_bias=False, name="conv1d_1")(h))
