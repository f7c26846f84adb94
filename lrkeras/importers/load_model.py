"""`load_model`: a trained model from whatever file it is in."""

from __future__ import annotations

import os
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import h5py
import keras

from lrkeras.importers.keras_archive import load_archive
from lrkeras.importers.onnx.load_onnx import load_onnx
from lrkeras.importers.saved_model import is_saved_model, load_saved_model
from lrkeras.importers.weight_files import load_weights
from lrkeras.legacy_h5 import load_legacy_h5

HDF5_SUFFIXES = (".h5", ".hdf5")


def load_model(
    path: str | os.PathLike,
    model: keras.Model | None = None,
    *,
    partial: bool = False,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    compile: bool = True,
) -> keras.Model:
    """Loads a trained model from a file of any version of Keras.

    * `.keras` files of Keras 3, and of Keras 2.13 to 2.15;
    * `.h5` and `.hdf5` files of Keras 1.2 to 2.15, see `load_legacy_h5`, and of Keras 3;
    * weights alone (`.weights.h5` of Keras 3, `.h5` of Keras 2), with `model`;
    * ONNX files, see `lrkeras.importers.onnx.load_onnx` (`pip install lrkeras[onnx]`);
    * SavedModel folders that Keras 2 wrote, by `tf_keras` (`pip install lrkeras[saved-model]`).

    What a file holds is told by its content, not by its name. Nothing is unpickled, and no code of
    the file is run.

    Args:
        path: The file or folder.
        model: For a file of weights, a built model whose layers are those of the file. With a whole
            model of HDF5, it is used in place of the one in the file.
        partial: Whether `model` may be a part of the model in the file, whose other layers are left
            out; for HDF5 files of Keras 2.
        custom_objects: Classes and functions of your own by the names that they have in the file,
            besides those that are registered with `keras.saving.register_keras_serializable`.
        safe_mode: Whether to refuse Python code in the file. With False, a `Lambda` runs what the
            file holds: for files that you trust.
        compile: Whether to compile the model as it was when it was saved, which only a `.keras`
            file of Keras 3 tells. Where that fails, such as with a loss that is not known here, the
            model comes uncompiled, with a warning.

    Returns:
        The model, or the one that was passed, with its weights set.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no Keras model or is damaged, holds a class that is not known here,
            Python code, or a weight that is not a finite number; or it holds weights only and
            `model` is missing, or is another one. A model that was passed keeps its weights then.
        ImportError: A package that the file needs is not installed; the message says which.

    Example:
        >>> model = lrkeras.load_model("lstm_model.keras")  # doctest: +SKIP
        >>> lrkeras.convert(model, "lstm_model.tflite", form="auto")  # doctest: +SKIP
    """
    file = pathlib.Path(path)
    if is_saved_model(file):
        _without_model(file, model)
        return load_saved_model(file, custom_objects, safe_mode)
    if not file.is_file():
        raise FileNotFoundError(f"No file {str(file)!r}. Check the path.{_folder(file)}")
    if h5py.is_hdf5(file) and model is not None and load_weights(file, model):
        return model
    # Keras 2 wrote HDF5 under any name, and a wrong file is best told by its own reader.
    if file.suffix.lower() in HDF5_SUFFIXES or h5py.is_hdf5(file):
        return load_legacy_h5(
            file, model, partial=partial, custom_objects=custom_objects, safe_mode=safe_mode
        )
    _without_model(file, model)
    if file.suffix.lower() == ".onnx":
        return load_onnx(file)
    if not zipfile.is_zipfile(file):
        raise ValueError(
            f"{str(file)!r} is not a .keras file: it is not a zip archive, or its end is missing. "
            "Save the model again with model.save('name.keras')."
        )
    return load_archive(file, custom_objects, safe_mode, compile)


def _without_model(file: pathlib.Path, model: keras.Model | None) -> None:
    if model is not None:
        raise ValueError(
            f"Expected `model` with a file of weights only, received it with {str(file)!r}, which "
            "holds a whole model. Leave it out."
        )


def _folder(file: pathlib.Path) -> str:
    if not file.is_dir():
        return ""
    return (
        " It is a folder, but no SavedModel, which would hold a saved_model.pb: give the file "
        "inside it."
    )
