"""`load_legacy_h5`: HDF5 files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import keras

from lrkeras.legacy_h5.build_model import ModelBuilder
from lrkeras.legacy_h5.code_in_files import refuse_code
from lrkeras.legacy_h5.keras_1 import keras_2_config
from lrkeras.legacy_h5.layer_weights import modern_name, set_weights
from lrkeras.legacy_h5.legacy_file import LegacyFile
from lrkeras.legacy_h5.reason_of import reason_of


def load_legacy_h5(
    path: str | os.PathLike,
    model: keras.Model | None = None,
    *,
    partial: bool = False,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
) -> keras.Model:
    """Loads an `.h5` or `.hdf5` file of Keras 2 into a Keras 3 model that computes the same.

    What differs between the two versions is translated:

    * `CuDNNLSTM` becomes `keras.layers.LSTM`, `CuDNNGRU` becomes `keras.layers.GRU` with
      `reset_after=True`: matrices transposed gate by gate, the two biases of an LSTM added. This
      holds for a weights-only file too, whose layers are recognised by the length of their bias.
    * `hard_sigmoid`, the default recurrent activation of LSTM and GRU until Keras 2.2, is
      `clip(0.2 x + 0.5, 0, 1)` in Keras 2 and `clip(x / 6 + 0.5, 0, 1)` in Keras 3. The model gets
      the old one, `lrkeras.legacy_h5.hard_sigmoid`, registered as `"lrkeras>legacy_hard_sigmoid"`:
      a `.keras` file saved from it loads where `lrkeras` is imported. A weights-only file does not
      tell its activations: pass that function to the layers of `model` where they had it.
    * Files of Keras 1.2: other names of arguments, an array for each gate.
    * A GRU whose file does not mention `reset_after` gets `reset_after=False`, the old default.
    * Functions of TensorFlow between layers (`TFOpLambda`, `SlicingOpLambda`) become operations
      of `keras.ops`.

    Nothing is unpickled and no code of the file is run: a Lambda layer is refused. The optimizer
    is not read; the model comes uncompiled.

    Args:
        path: a file that `model.save` wrote (with the configuration of the model: a Sequential or
            a functional model of Keras's own or of registered layers), or that
            `model.save_weights` wrote.
        model: for a weights-only file, a built Keras 3 model whose layers with weights carry the
            names they have in the file. With a file that has a configuration, it is used in place
            of that, for example because the file names a class that no longer exists.
        partial: whether `model` may be a part of the model in the file, whose other layers are
            left out.
        custom_objects: classes and functions of your own by the names that they have in the file,
            besides those that are registered with `keras.saving.register_keras_serializable`.
        safe_mode: whether to refuse Python code in the file. With False, a `Lambda` runs what the
            file holds: for files that you trust.

    Returns:
        The model: a new one, or the one that was passed, with its weights set.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no HDF5 file, Keras 2 did not write it, it is damaged or older than
            Keras 1; it holds weights only and `model` is missing; a layer cannot be rebuilt; the
            layers or shapes of the file are not those of the model; a weight is NaN or infinite.
            A model that was passed keeps the weights it had.

    Example:
    >>> model = lrkeras.load_legacy_h5("trained_on_gpu.h5")
    >>> model.save("trained.keras")
    """
    with LegacyFile(path) as file, keras.saving.CustomObjectScope(dict(custom_objects or {})):
        major = _major(file.version)
        if major < 1:
            raise ValueError(
                f"{str(file.path)!r} was written by Keras {file.version}. Load it with Keras 2 "
                "and save it again."
            )
        if model is None:
            if partial:
                raise ValueError("Expected `model` with partial=True, received None.")
            model = _new_model(file, major, safe_mode)
        set_weights(model, file, partial)
    return model


def _major(version: str) -> int:
    number = version.partition(".")[0]
    return int(number) if number.isdecimal() else 2


def _new_model(file: LegacyFile, major: int, safe_mode: bool) -> keras.Model:
    if file.config is None:
        raise ValueError(
            f"{str(file.path)!r} holds weights only, not the model they belong to. Build that "
            "model in Python with the layer names of the file, pass it as "
            "lrkeras.load_model(path, model=model), and save it with model.save('name.keras')."
        )
    try:
        if safe_mode:
            refuse_code(file.config)
        if major >= 3:
            model = keras.saving.load_model(file.path, compile=False, safe_mode=safe_mode)
            rename(model)
            return model
        config = keras_2_config(file.config) if file.is_keras_1 else file.config
        return ModelBuilder(safe_mode).build(config, file.layer_names())
    except Exception as error:
        raise ValueError(
            f"The model in {str(file.path)!r} cannot be rebuilt: {reason_of(error)}"
        ) from error


def rename(model: keras.Model) -> None:
    """Gives a model, and those in it, names that TensorFlow takes for scopes."""
    model.name = modern_name(model.name)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            rename(layer)
