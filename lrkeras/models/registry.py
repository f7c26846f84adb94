"""The models of this folder: `models.json` has the checksum of every file."""

from __future__ import annotations

import difflib
import hashlib
import json
import pathlib

import keras

from lrkeras.saving import load_model
from lrkeras.system.json_file import write_json

FOLDER = pathlib.Path(__file__).parent
REGISTRY = "models.json"


def names(folder: pathlib.Path = FOLDER) -> list[str]:
    """The names that `load` takes."""
    return sorted(_registry(folder))


def load(name: str, folder: pathlib.Path = FOLDER) -> keras.Model:
    """Loads a trained model that comes with the package.

    Args:
        name: one of `lrkeras.models.names()`; its card, data and licence are in `NAME.md`.
        folder: where the files are.

    Returns:
        The Keras model, not compiled.

    Raises:
        ValueError: there is no model of this name, or its file is not what was shipped.
        FileNotFoundError: its file is missing.

    Example:
    >>> model = lrkeras.load("word_prediction_doped_kp")
    >>> model.input_shape
    (None, None)
    """
    return load_model(model_file(name, "keras", folder), compile=False)


def model_file(name: str, kind: str = "int8", folder: pathlib.Path = FOLDER) -> pathlib.Path:
    """The path of a file of a model, its checksum verified.

    Args:
        name: one of `lrkeras.models.names()`.
        kind: `"int8"` or `"float32"` for a `.tflite` file, `"keras"`, or `"card"`.
        folder: where the files are.

    Raises:
        ValueError: there is no such model or kind, or the file is not what was shipped.
        FileNotFoundError: the file is missing.
    """
    registry = _registry(folder)
    if name not in registry:
        close = difflib.get_close_matches(name, registry, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise ValueError(f"No model {name!r}. {hint}Known: {', '.join(sorted(registry))}.")
    if kind not in registry[name]:
        raise ValueError(
            f"The model {name!r} has no file of the kind {kind!r}; it has "
            f"{', '.join(sorted(registry[name]))}."
        )
    entry = registry[name][kind]
    file = folder / entry["file"]
    if not file.is_file():
        raise FileNotFoundError(f"No file {str(file)!r}. Install the package again.")
    if checksum(file) != entry["sha256"]:
        raise ValueError(
            f"{str(file)!r} is not the file that was shipped: its SHA-256 is another one. Install "
            "the package again."
        )
    return file


def register(name: str, files: dict[str, str], folder: pathlib.Path = FOLDER) -> None:
    """Puts a model into `models.json`.

    Args:
        name: what `load` will take.
        files: names of files in the folder, by kind.
        folder: where the files are.
    """
    registry = _registry(folder)
    registry[name] = {
        kind: {
            "file": file,
            "bytes": (folder / file).stat().st_size,
            "sha256": checksum(folder / file),
        }
        for kind, file in files.items()
    }
    write_json(folder / REGISTRY, dict(sorted(registry.items())))


def checksum(file: pathlib.Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _registry(folder: pathlib.Path) -> dict[str, dict[str, dict]]:
    file = folder / REGISTRY
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
