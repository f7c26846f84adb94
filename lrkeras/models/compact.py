"""Small `.keras` files for the weights that are shipped."""

from __future__ import annotations

import os
import pathlib
import tempfile
import zipfile

import keras
import numpy as np
from keras import ops

from lrkeras.system.atomic_write import written_whole


def save_compact(model: keras.Model, path: str | os.PathLike) -> None:
    """Saves a model with its weights rounded to float16, which the archive then packs to half.

    The file is an ordinary `.keras` file, and its model one in float32. The weights of `model` are
    rounded in place, so that what is converted from it agrees with what is saved.

    Args:
        model: The model.
        path: Ends in `.keras`.

    Raises:
        ValueError: If a weight is too large for float16.
    """
    round_weights(model)
    with tempfile.TemporaryDirectory() as folder, written_whole(path) as packed:
        whole = pathlib.Path(folder, "whole.keras")
        model.save(whole)
        with (
            zipfile.ZipFile(whole) as source,
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
        ):
            for entry in source.infolist():
                # A fixed date: the same weights are the same file.
                named = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
                target.writestr(named, source.read(entry), zipfile.ZIP_DEFLATED, 9)


def round_weights(model: keras.Model) -> None:
    """Rounds the float32 weights of a model to numbers of float16, in place.

    Raises:
        ValueError: If a weight is too large for float16.
    """
    for weight in model.weights:
        value = ops.convert_to_numpy(weight)
        if value.dtype == np.float32:
            if np.abs(value).max(initial=0) > np.finfo(np.float16).max:
                raise ValueError(f"{weight.path} has a weight that float16 cannot hold.")
            weight.assign(value.astype(np.float16).astype(np.float32))
