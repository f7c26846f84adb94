"""Saving model files whole or not at all, and checking what was loaded."""

import os

import keras
import numpy as np

from lrkeras.system.atomic_write import written_whole


def save_model(model: keras.Model, path: str | os.PathLike) -> None:
    """Saves a model as a `.keras` file, which appears whole or not at all.

    Args:
        model: The model.
        path: Ends in `.keras`; an existing file is replaced once the new one is written.

    Raises:
        OSError: The path cannot be written.
    """
    with written_whole(path) as draft:
        model.save(draft)


def check_finite(model: keras.Model) -> None:
    """Raises `ValueError` that names the weights of a model with NaN or infinite entries."""
    bad = []
    for weight in model.weights:
        value = keras.ops.convert_to_numpy(weight)
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            count = int(np.sum(~np.isfinite(value)))
            bad.append(f"{weight.path} ({count} of {value.size})")
    if bad:
        raise ValueError(
            f"The model {model.name!r} has weights that are NaN or infinite: {', '.join(bad)}. "
            "Load a checkpoint from before the training diverged."
        )
