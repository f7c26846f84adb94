"""`.keras` files: those of Keras 3, and those that Keras 2.13 to 2.15 wrote."""

from __future__ import annotations

import json
import pathlib
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import keras

# Importing them registers the classes that a file may name.
from lrkeras import layers, structures  # noqa: F401
from lrkeras.importers.keras_2_weights import set_archive_weights
from lrkeras.legacy_h5.build_model import ModelBuilder
from lrkeras.legacy_h5.code_in_files import refuse_code
from lrkeras.legacy_h5.heap_check import check_heaps_in
from lrkeras.legacy_h5.layer_config import FIXED
from lrkeras.legacy_h5.reason_of import reason_of
from lrkeras.saving import check_finite
from lrkeras.system.held_folder import scratch_folder

# A part of more bytes than this must not be that many times larger than it is stored.
_LARGE, _MOST_INFLATED = 64 << 20, 100
_PARTS = {"config.json", "model.weights.h5"}


def load_archive(
    file: pathlib.Path,
    custom_objects: Mapping[str, Any] | None,
    safe_mode: bool,
    compile: bool,
) -> keras.Model:
    """Loads the model in a zip archive.

    Raises:
        ValueError: It is no `.keras` file, is damaged, or holds what cannot be rebuilt.
    """
    with zipfile.ZipFile(file) as archive:
        _check_sizes(file, archive)
        missing = _PARTS - set(archive.namelist())
        if missing:
            raise ValueError(
                f"{str(file)!r} is a zip archive but not a .keras file: it has no "
                f"{' and no '.join(sorted(missing))}. Save the model with model.save('name.keras')."
            )
    try:
        with keras.saving.CustomObjectScope(dict(custom_objects or {})):
            model = _load(file, safe_mode, compile)
    except Exception as error:
        raise ValueError(f"{str(file)!r} cannot be loaded: {reason_of(error)}") from error
    check_finite(model)
    return model


def _check_sizes(file: pathlib.Path, archive: zipfile.ZipFile) -> None:
    """Sees that no part is much larger than what the file holds of it, as none of a model is."""
    for part in archive.infolist():
        if part.file_size > _LARGE and part.file_size > _MOST_INFLATED * part.compress_size:
            raise ValueError(
                f"{str(file)!r} is refused: its part {part.filename!r} has {part.compress_size:,} "
                f"bytes and would inflate to {part.file_size:,}, as no weights do."
            )


def _load(file: pathlib.Path, safe_mode: bool, compile: bool) -> keras.Model:
    with zipfile.ZipFile(file) as archive:
        config = json.loads(archive.read("config.json"))
        check_heaps_in(archive.read("model.weights.h5"), "model.weights.h5")
        if _is_keras_2(config):
            if safe_mode:
                refuse_code(config)
            model = ModelBuilder(safe_mode).build(config)
            set_archive_weights(model, config, archive.read("model.weights.h5"))
            return model
    plain = _without_old_arguments(config)
    if plain == config:
        return _keras_3(file, safe_mode, compile)
    with scratch_folder() as folder:
        draft = pathlib.Path(folder) / "model.keras"
        with zipfile.ZipFile(file) as archive, zipfile.ZipFile(draft, "w") as copy:
            for name in archive.namelist():
                is_config = name == "config.json"
                copy.writestr(name, json.dumps(plain) if is_config else archive.read(name))
        return _keras_3(draft, safe_mode, compile)


def _keras_3(file: pathlib.Path, safe_mode: bool, compile: bool) -> keras.Model:
    if not compile:
        return keras.saving.load_model(file, compile=False, safe_mode=safe_mode)
    try:
        with warnings.catch_warnings():
            # One that has not trained holds its rate and its count of steps, and nothing is lost.
            warnings.filterwarnings("ignore", r"(?s).*the saved optimizer has 2 variables")
            return keras.saving.load_model(file, compile=True, safe_mode=safe_mode)
    except Exception as error:
        # A loss of the user's own must not stand between him and his weights.
        model = keras.saving.load_model(file, compile=False, safe_mode=safe_mode)
        warnings.warn(
            f"`{model.name}` was loaded without being compiled: {reason_of(error)} Call "
            "model.compile(...) before you train it.",
            stacklevel=4,
        )
        return model


def _is_keras_2(config: Any) -> bool:
    """Whether the model's graph, or its first layer, is described as Keras 2 does.

    The versions in files are of no help: `tf_keras` has numbers of its own.
    """
    inner = config.get("config") if isinstance(config, dict) else None
    entries = inner.get("layers") if isinstance(inner, dict) else None
    if not isinstance(entries, list):
        return False
    nodes = [node for entry in entries for node in entry.get("inbound_nodes", ())]
    if nodes:
        return not any(isinstance(node, dict) for node in nodes)
    return any("batch_input_shape" in entry.get("config", {}) for entry in entries)


def _without_old_arguments(config: Any) -> Any:
    """The configuration without arguments that Keras 3 lacks and that say what it does anyway."""
    if isinstance(config, list):
        return [_without_old_arguments(item) for item in config]
    if not isinstance(config, dict):
        return config
    kept = {key: _without_old_arguments(value) for key, value in config.items()}
    if config.get("module") == "keras.layers" and isinstance(kept.get("config"), dict):
        for key in ("time_major", "implementation"):
            if key in kept["config"] and kept["config"][key] in FIXED.get(key, (1, 2)):
                del kept["config"][key]
    return kept
