"""The models of this folder: `models.json` has the checksum of every file."""

from __future__ import annotations

import hashlib
import json
import pathlib

import keras

from lrkeras.importers.load_model import load_model
from lrkeras.models.int8_model import model_of_int8
from lrkeras.system.json_file import write_json
from lrkeras.system.name_patterns import did_you_mean

FOLDER = pathlib.Path(__file__).parent
REGISTRY = "models.json"
RUNNING = ("int8", "int4", "float32")


def names(folder: pathlib.Path = FOLDER) -> list[str]:
    """The names that `load` takes."""
    registry = _registry(folder)
    return sorted(
        name for name in registry if "keras" in registry[name] or _is_rebuilt(registry[name])
    )


def load(name: str, folder: pathlib.Path = FOLDER) -> keras.Model:
    """Loads a trained model that comes with the package.

    Args:
        name: one of `lrkeras.models.names()`; its card, data and licence are in `NAME.md`.
        folder: where the files are.

    Returns:
        The Keras model, not compiled. The weights of `word_prediction_small_dense`,
        `word_prediction_cifg` and `word_prediction_chat` are those of their int8 files, 8 bits
        times a scale; all others are as they were trained or rounded to float16, as their cards
        say.

    Raises:
        ValueError: there is no model of this name, or its file is not what was shipped.
        FileNotFoundError: its file is missing.
        ImportError: its weights are those of a `.tflite` file, and the package that reads these
            is not installed.

    Example:
    >>> model = lrkeras.load("word_prediction_doped_kp")
    >>> model.input_shape
    (None, None)
    """
    if _is_rebuilt(_registry(folder).get(name, {})):
        config, int8 = (model_file(name, kind, folder) for kind in ("config", "int8"))
        return model_of_int8(config, int8)
    return load_model(model_file(name, "keras", folder), compile=False)


def model_file(name: str, kind: str | None = None, folder: pathlib.Path = FOLDER) -> pathlib.Path:
    """The path of a file of a model, its checksum verified.

    Args:
        name: one of `lrkeras.models.names()`, or `"speech_front_end"`.
        kind: `"int8"`, `"int4"` or `"float32"` for a `.tflite` file, `"keras"`, `"config"` for the
            architecture alone, as JSON, or `"card"`. `None`: the first of these three that there
            is.
        folder: where the files are.

    Raises:
        ValueError: there is no such model or kind, or the file is not what was shipped.
        FileNotFoundError: the file is missing.
    """
    registry = _registry(folder)
    if name not in registry:
        known = ", ".join(sorted(registry))
        raise ValueError(f"No model {name!r}.{did_you_mean(name, registry)} Known: {known}.")
    if kind is None:
        kind = next(one for one in RUNNING if one in registry[name])
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


def _is_rebuilt(kinds: dict[str, dict]) -> bool:
    """Whether the Keras model is made from the int8 file: no `.keras` file is kept beside it."""
    return "config" in kinds and "int8" in kinds


def _registry(folder: pathlib.Path) -> dict[str, dict[str, dict]]:
    file = folder / REGISTRY
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
