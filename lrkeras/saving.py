"""Loading model files that may be damaged, foreign or from elsewhere."""

import os
import pathlib
import zipfile

import h5py
import keras
import numpy as np

# Importing them registers the classes that a file may name.
from lrkeras import layers, structures  # noqa: F401
from lrkeras.legacy_h5 import load_legacy_h5
from lrkeras.system.atomic_write import written_whole

HDF5_SUFFIXES = (".h5", ".hdf5")


def load_model(path: str | os.PathLike, compile: bool = True) -> keras.Model:
    """Loads a `.keras` file as `keras.models.load_model` does, and checks it first.

    A whole model that Keras 2 saved as `.h5` or `.hdf5` is loaded too, see `load_legacy_h5`.
    Nothing is unpickled and no code of the file is run.

    Args:
        path: The file.
        compile: Whether to compile the model as it was when it was saved. A model from an HDF5
            file comes uncompiled either way.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no Keras model, is damaged, holds a class that is not known here,
            or a weight that is not a finite number; or it is an HDF5 file with weights only.
    """
    file = pathlib.Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"No file {str(file)!r}. Check the path.")
    # Keras 2 wrote HDF5 under any name, and a wrong file is best told by its own reader.
    if file.suffix.lower() in HDF5_SUFFIXES or h5py.is_hdf5(file):
        return load_legacy_h5(file)
    if not zipfile.is_zipfile(file):
        raise ValueError(
            f"{str(file)!r} is not a .keras file: it is not a zip archive, or its end is missing. "
            "Save the model again with model.save('name.keras')."
        )
    with zipfile.ZipFile(file) as archive:
        missing = {"config.json", "model.weights.h5"} - set(archive.namelist())
    if missing:
        raise ValueError(
            f"{str(file)!r} is a zip archive but not a .keras file: it has no "
            f"{' and no '.join(sorted(missing))}. Save the model with model.save('name.keras')."
        )
    try:
        model = keras.saving.load_model(file, compile=compile, safe_mode=True)
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"{str(file)!r} cannot be loaded: {reason}") from error
    check_finite(model)
    return model


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
