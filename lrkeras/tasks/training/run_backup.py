"""What a training that was stopped goes on from."""

from __future__ import annotations

import os
import pathlib
import shutil

import keras

from lrkeras.system.held_folder import draft_folder, remove_abandoned


class RunBackup(keras.callbacks.Callback):
    """`BackupAndRestore` of which no moment can be lost: an epoch's backup is there whole or not.

    Keras writes weights, then the number of the epoch, over those of the epoch before: a process
    that is killed between leaves half a file, or weights that are trained an epoch twice. Here each
    epoch has a folder, which gets its name once all is in it. The folders stay until
    `remove_backup`, for the model is yet to be saved when a training ends.

    Args:
        folder: of the backup; what it lies in must exist.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__()
        self.folder = folder

    def on_train_begin(self, logs=None) -> None:
        done = epochs_done(self.folder)
        if done:
            self._of_keras(_epoch_folder(self.folder, done)).on_train_begin(logs)

    def on_epoch_end(self, epoch, logs=None) -> None:
        self.folder.mkdir(exist_ok=True)
        whole = _epoch_folder(self.folder, epoch + 1)
        with draft_folder(whole) as draft:
            self._of_keras(draft / whole.name).on_epoch_end(epoch, logs)
            os.replace(draft / whole.name, whole)
        if epoch:
            shutil.rmtree(_epoch_folder(self.folder, epoch), ignore_errors=True)

    def _of_keras(self, folder: pathlib.Path) -> keras.callbacks.BackupAndRestore:
        backup = keras.callbacks.BackupAndRestore(folder)
        backup.set_model(self.model)
        return backup


def epochs_done(folder: pathlib.Path) -> int:
    """How many epochs the newest whole backup in a folder has behind it; 0 without one."""
    return max((int(found.name) for found in folder.glob("[0-9]*")), default=0)


def remove_backup(folder: pathlib.Path) -> None:
    """Deletes a backup, once what was trained is saved."""
    if folder.exists():
        # Away at once: half a backup would be taken for one of an earlier epoch.
        with draft_folder(folder) as draft:
            os.replace(folder, draft / folder.name)
    remove_abandoned(folder.parent)


def _epoch_folder(folder: pathlib.Path, epochs: int) -> pathlib.Path:
    return folder / f"{epochs:06d}"
