"""Weights alone, as `model.save_weights` of Keras 3 writes them."""

from __future__ import annotations

import pathlib
import shutil

import h5py
import keras
import numpy as np

from lrkeras.legacy_h5.heap_check import check_heaps
from lrkeras.legacy_h5.reason_of import reason_of
from lrkeras.saving import check_finite
from lrkeras.system.held_folder import scratch_folder


def load_weights(file: pathlib.Path, model: keras.Model) -> bool:
    """Sets the weights of a model from a `.weights.h5` file of Keras 3.

    Returns:
        False if the file is of another kind.

    Raises:
        ValueError: The weights are not those of the model, which keeps those it had, or the file
            is damaged.
    """
    check_heaps(file)
    with h5py.File(file, "r") as content:
        if "layer_names" in content.attrs or "model_weights" in content or "layers" not in content:
            return False
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} has no weights yet. Build it first: give it an Input, or "
            "call it once."
        )
    before = [np.array(keras.ops.convert_to_numpy(weight)) for weight in model.weights]
    try:
        _read(file, model)
        check_finite(model)
    except BaseException:
        for weight, value in zip(model.weights, before, strict=True):
            weight.assign(value)
        raise
    return True


def _read(file: pathlib.Path, model: keras.Model) -> None:
    try:
        with scratch_folder() as folder:
            # Keras takes the format from the name.
            copy = pathlib.Path(folder) / "model.weights.h5"
            shutil.copyfile(file, copy)
            model.load_weights(copy)
    except Exception as error:
        raise ValueError(
            f"The weights in {str(file)!r} are not those of the model {model.name!r}: "
            f"{reason_of(error)}"
        ) from error
