"""SavedModel folders that Keras 2 wrote."""

from __future__ import annotations

import os
import pathlib
import re
import warnings
from collections.abc import Mapping
from typing import Any

import keras

from lrkeras.legacy_h5 import load_legacy_h5
from lrkeras.legacy_h5.reason_of import reason_of
from lrkeras.system.held_folder import scratch_folder
from lrkeras.system.optional_imports import require

_GRAPH, _DESCRIPTION = "saved_model.pb", "keras_metadata.pb"
_CODE = re.compile(rb'"class_name":\s*"(Lambda|TFSMLayer|FlaxLayer|JaxLayer)"')


def is_saved_model(path: pathlib.Path) -> bool:
    """Whether a path is a SavedModel folder, or one without what Keras writes beside it."""
    return path.is_dir() and (path / _GRAPH).is_file()


def load_saved_model(
    folder: pathlib.Path, custom_objects: Mapping[str, Any] | None, safe_mode: bool
) -> keras.Model:
    """Loads a model by `tf_keras`, which is Keras 2, and moves it to Keras 3.

    Raises:
        ValueError: Keras did not write the folder, it is damaged, or the model cannot be moved.
        ImportError: `tf_keras` is not installed.
    """
    if not (folder / _DESCRIPTION).is_file():
        raise ValueError(
            f"{str(folder)!r} is a SavedModel without a description of its layers "
            f"({_DESCRIPTION}), only with graphs, which cannot be taken apart: it was exported, or "
            "not written by Keras. Give the .keras or .h5 file that it was made of, or save that "
            "model with model.save('name.keras')."
        )
    code = _CODE.search((folder / _DESCRIPTION).read_bytes())
    if code and safe_mode:
        raise ValueError(
            f"The model in {str(folder)!r} holds a {code[1].decode()}: Python code, which is not "
            "run from a file. If you trust the folder, load_model(path, safe_mode=False) runs it."
        )
    tf_keras = require("tf_keras", "saved_model")
    with scratch_folder() as draft, warnings.catch_warnings():
        # Keras 2 deprecates the format that it is asked for.
        warnings.simplefilter("ignore")
        file = os.path.join(draft, "model.h5")
        try:
            model = tf_keras.models.load_model(
                os.fspath(folder), custom_objects=_known_to_keras_2(custom_objects), compile=False
            )
            model.save(file, save_format="h5", include_optimizer=False)
        except Exception as error:
            raise ValueError(
                f"The SavedModel {str(folder)!r} cannot be moved to Keras 3: {reason_of(error)} "
                "Save the model with model.save('name.keras') where it was trained, or build "
                "it in Python."
            ) from error
        return load_legacy_h5(file, custom_objects=custom_objects, safe_mode=safe_mode)


def _known_to_keras_2(custom_objects: Mapping[str, Any] | None) -> dict[str, Any]:
    """Functions alone: classes are of Keras 3, in whose place Keras 2 revives what it saved."""
    objects = dict(custom_objects or {})
    return {name: value for name, value in objects.items() if not isinstance(value, type)}
