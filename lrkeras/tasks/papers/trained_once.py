"""The model of a run, trained if its folder has not got it."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import keras

from lrkeras.tasks.training.run_folder import BACKUP, MODEL_FILE, remove_backup, save_model


def trained_once(
    out: pathlib.Path, name: str, seed: int, fitted: Callable[[], keras.Model]
) -> keras.Model:
    """Trains a model and keeps it, or finds that it is kept already; loads what is kept.

    Args:
        out: the folder of the run.
        name: what the kept model is called.
        seed: of its weights and of what is drawn while it trains.
        fitted: builds a model and trains it to its end.
    """
    file = out / MODEL_FILE
    if not file.exists():
        keras.utils.set_random_seed(seed)
        model = fitted()
        # A model of its own, so that no optimiser is saved with it.
        save_model(keras.Model(model.input, model.output, name=name), file)
    remove_backup(out / BACKUP)
    return keras.saving.load_model(file, compile=False)
