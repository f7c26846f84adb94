"""The folder that a training run fills, and goes on in when it was stopped."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import importlib.util
import json
import pathlib
from collections.abc import Collection, Iterator
from typing import Any

import keras

from lrkeras.saving import save_model
from lrkeras.system.atomic_write import written_whole
from lrkeras.system.held_folder import held_alone, remove_abandoned
from lrkeras.system.json_file import write_json
from lrkeras.system.same_settings import check_same_settings
from lrkeras.tasks.training.run_backup import RunBackup, epochs_done, remove_backup

__all__ = [
    "RESULT_FILE",
    "check",
    "claimed",
    "finished_result",
    "read_history",
    "record_keepers",
    "remove_backup",
    "save_model",
    "write_json",
]

# Of a run of one model; it is there when the run is finished.
RESULT_FILE = "result.json"
MODEL_FILE = "model.keras"
HISTORY_FILE = "training.history.csv"
BACKUP = ".backup"


def check(out: pathlib.Path, config: Any, ignored: Collection[str] = ()) -> None:
    """Sees whether a folder is free for a run, or holds one of the same settings; writes nothing.

    Args:
        out: the folder, which need not exist.
        config: a dataclass of JSON types.
        ignored: fields in which runs in one folder may differ.

    Raises:
        ValueError: the folder holds a run with another config.
    """
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(config)
        if field.default is not dataclasses.MISSING
    }
    check_same_settings(out / "config.json", dataclasses.asdict(config), ignored, defaults)


def finished_result(out: pathlib.Path, config: Any) -> dict | None:
    """What is in the result file of a folder; None where there is none yet.

    Args:
        out: the folder, which need not exist.
        config: as `check` takes it.

    Raises:
        ValueError: the folder holds a run with another config.
    """
    check(out, config)
    file = out / RESULT_FILE
    if not file.exists():
        return None
    remove_abandoned(out)
    return json.loads(file.read_text(encoding="utf-8"))


@contextlib.contextmanager
def claimed(out: pathlib.Path, config: Any, ignored: Collection[str] = ()) -> Iterator[None]:
    """Makes a folder and writes the config into it, once all that a run needs is there.

    No other process can claim it while the block runs.

    Raises:
        BlockingIOError: another run works in the folder.
        OSError: the folder cannot be written.
        ValueError: as `check`; another run may have ended in it since.
    """
    out.mkdir(parents=True, exist_ok=True)
    with held_alone(out):
        check(out, config, ignored)
        remove_abandoned(out)
        write_json(out / "config.json", dataclasses.asdict(config))
        yield


def record_keepers(
    history_file: pathlib.Path,
    backup: pathlib.Path,
    *,
    initial_epoch: int = 0,
    write_graph: bool = True,
) -> list[keras.callbacks.Callback]:
    """The callbacks that keep what a training was, to be the last of all.

    Rows of epochs that the backup has not got are taken out of the history.

    Args:
        history_file: `NAME.history.csv`, which gets a row an epoch; logs for TensorBoard, where it
            is installed, lie in `tensorboard/NAME` beside it.
        backup: the folder from which a stopped training goes on.
        initial_epoch: where the training begins that has no backup yet.
        write_graph: whether TensorBoard shows the graph.
    """
    _cut_history(history_file, epochs_done(backup) or initial_epoch)
    chosen = [keras.callbacks.CSVLogger(history_file, append=True)]
    if importlib.util.find_spec("tensorboard") and keras.backend.backend() == "tensorflow":
        name = history_file.name.removesuffix(".history.csv")
        logs = history_file.parent / "tensorboard" / name
        chosen.append(keras.callbacks.TensorBoard(logs, write_graph=write_graph))
    # Last: an epoch that is backed up has its row in the history.
    return [*chosen, RunBackup(backup)]


def read_history(file: str | pathlib.Path) -> dict[str, list[float]]:
    """Reads a `NAME.history.csv` as columns of numbers, one row an epoch."""
    with open(file, newline="", encoding="utf-8") as rows:
        # Histories of before their rows were cut may have the row of an epoch twice.
        table = list({row["epoch"]: row for row in csv.DictReader(rows)}.values())
    return {key: [float(row[key]) for row in table] for key in (table[0] if table else {})}


def _cut_history(file: pathlib.Path, epochs: int) -> None:
    """Leaves the rows of so many epochs; what was cut off in the middle of a row goes too."""
    if not file.exists():
        return
    with open(file, newline="", encoding="utf-8") as rows:
        heading, *lines = rows.readlines() or [""]
    kept = [line for line in lines if line.endswith("\n") and int(line.split(",")[0]) < epochs]
    if not kept:
        file.unlink()
    elif kept != lines:
        with written_whole(file) as draft:
            draft.write_text("".join([heading, *kept]), encoding="utf-8", newline="")
