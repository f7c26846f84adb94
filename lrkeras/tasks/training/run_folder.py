"""The folder that a training run fills, and goes on in when it was stopped."""

from __future__ import annotations

import csv
import dataclasses
import importlib.util
import pathlib
from collections.abc import Collection
from typing import Any

import keras

from lrkeras.saving import save_model
from lrkeras.system.json_file import write_json
from lrkeras.system.same_settings import check_same_settings

__all__ = ["check", "claim", "read_history", "record_keepers", "save_model", "write_json"]


def check(out: pathlib.Path, config: Any, ignored: Collection[str] = ()) -> None:
    """Sees whether a folder is free for a run, or holds one of the same settings; writes nothing.

    Args:
        out: the folder, which need not exist.
        config: a dataclass of JSON types.
        ignored: fields in which runs in one folder may differ.

    Raises:
        ValueError: the folder holds a run with another config.
    """
    check_same_settings(out / "config.json", dataclasses.asdict(config), ignored)


def claim(out: pathlib.Path, config: Any) -> None:
    """Makes a folder and writes the config into it, once all that a run needs is there.

    Raises:
        OSError: the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "config.json", dataclasses.asdict(config))


def record_keepers(
    history_file: pathlib.Path, backup: pathlib.Path, *, write_graph: bool = True
) -> list[keras.callbacks.Callback]:
    """The callbacks that keep what a training was, to be the last of all.

    Args:
        history_file: `NAME.history.csv`, which gets a row an epoch; logs for TensorBoard, where it
            is installed, lie in `tensorboard/NAME` beside it.
        backup: the folder from which a stopped training goes on.
        write_graph: whether TensorBoard shows the graph.
    """
    chosen = [keras.callbacks.CSVLogger(history_file, append=True)]
    if importlib.util.find_spec("tensorboard") and keras.backend.backend() == "tensorflow":
        name = history_file.name.removesuffix(".history.csv")
        logs = history_file.parent / "tensorboard" / name
        chosen.append(keras.callbacks.TensorBoard(logs, write_graph=write_graph))
    # Last: an epoch that is backed up has its row in the history.
    return [*chosen, keras.callbacks.BackupAndRestore(backup)]


def read_history(file: str | pathlib.Path) -> dict[str, list[float]]:
    """Reads a `NAME.history.csv` as columns of numbers, one row an epoch."""
    with open(file, newline="", encoding="utf-8") as rows:
        # A run that stopped before the backup of an epoch has written the row of that epoch twice.
        table = list({row["epoch"]: row for row in csv.DictReader(rows)}.values())
    return {key: [float(row[key]) for row in table] for key in (table[0] if table else {})}
