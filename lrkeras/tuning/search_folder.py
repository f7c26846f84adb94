"""The folder of a search, with what the commands of its trials need."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from lrkeras.system.atomic_write import written_whole
from lrkeras.system.held_folder import held_alone, is_draft, remove_abandoned
from lrkeras.system.json_file import write_json
from lrkeras.system.same_settings import check_same_settings
from lrkeras.tuning.trial import Task
from lrkeras.tuning.tuning_data import TuningData

MODEL, DATA, METADATA = "model.keras", "data.npz", "metadata.json"
# The settings, which are written after the files that say what is searched.
_CONFIG = "config.json"
_FIRST = {MODEL, DATA, "calibration.npz", "calibration.npy", METADATA}


def check(folder: pathlib.Path, settings: dict[str, Any]) -> None:
    """Checks that a folder is free, or holds a search with the same settings.

    Raises:
        ValueError: If it holds something else.
    """
    file = folder / _CONFIG
    if file.exists() or not folder.is_dir():
        check_same_settings(file, settings)
    elif {item.name for item in folder.iterdir() if not is_draft(item)} - _FIRST:
        raise ValueError(
            f"Expected an empty folder or one of a search, received {str(folder)!r}, which has "
            "other files. Choose another folder."
        )


@contextlib.contextmanager
def claimed(
    folder: pathlib.Path, settings: dict[str, Any], task: Task, outputs: list[str]
) -> Iterator[None]:
    """Makes the folder, or goes on in that of the search; no other process can while it is held.

    Raises:
        BlockingIOError: If another search works in it.
        ValueError: As `check`; another search may have ended in it since.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with held_alone(folder):
        check(folder, settings)
        for place in (folder, *folder.glob("trials/*")):
            remove_abandoned(place)
        if not (folder / _CONFIG).exists():
            _write(folder, settings, task, outputs)
        yield


def _write(folder: pathlib.Path, settings: dict[str, Any], task: Task, outputs: list[str]) -> None:
    with written_whole(folder / MODEL) as draft:
        draft.write_bytes(task.model)
    arrays = {**_named(task.train, outputs, ""), **_named(task.validation, outputs, "_val")}
    with written_whole(folder / DATA) as draft:
        np.savez(draft, **arrays)  # type: ignore[arg-type]
    with written_whole(folder / calibration_name(task)) as draft:
        if isinstance(task.calibration, dict):
            np.savez(draft, **task.calibration)
        else:
            np.save(draft, task.calibration)
    if task.metadata:
        write_json(folder / METADATA, task.metadata)
    write_json(folder / _CONFIG, settings)


def calibration_name(task: Task) -> str:
    """The file of the inputs that structures are fitted on."""
    return "calibration.npz" if len(task.train.x) > 1 else "calibration.npy"


def _named(data: TuningData, outputs: list[str], end: str) -> dict[str, np.ndarray]:
    found = {name + end: value for name, value in data.x.items()}
    targets = (
        data.y
        if isinstance(data.y, dict)
        else dict(zip(outputs, keras.tree.flatten(data.y), strict=True))
    )
    named = targets if len(targets) > 1 else {"y": next(iter(targets.values()))}
    found |= {name + end: value for name, value in named.items()}
    if data.weights is not None:
        found["sample_weight" + end] = data.weights
    return found
