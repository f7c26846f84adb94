"""Training the language model of a row."""

from __future__ import annotations

import pathlib

import keras

from lrkeras.tasks.papers.elmo.direction_perplexities import DirectionPerplexities
from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.papers.elmo.elmo_text import ElmoText
from lrkeras.tasks.papers.elmo.language_model import compile_for_text, language_model
from lrkeras.tasks.papers.elmo.text_windows import TextWindows
from lrkeras.tasks.papers.trained_once import trained_once
from lrkeras.tasks.training.epoch_clock import EpochClock
from lrkeras.tasks.training.epoch_start import EpochStart
from lrkeras.tasks.training.run_folder import (
    BACKUP,
    HISTORY_FILE,
    record_keepers,
)


def trained_on_text(
    config: ElmoConfig, out: pathlib.Path, text: ElmoText, verbose: int
) -> keras.Model:
    """The `language_model` of a run, trained if its folder has not got it; the last weights.

    Every epoch is backed up: a training that was stopped goes on to the same weights.

    Args:
        config: the run.
        out: its folder.
        text: what it is trained on.
        verbose: Keras's `verbose`.
    """

    def fitted() -> keras.Model:
        model = language_model(config, text.num_words)
        _fit(model, config, out, text, verbose)
        return model

    return trained_once(out, config.row, config.seed, fitted)


def _fit(
    model: keras.Model, config: ElmoConfig, out: pathlib.Path, text: ElmoText, verbose: int
) -> None:
    batches = text.windows(config)
    compile_for_text(model, config, batches.num_batches * config.epochs)
    # What is to be restored must have its variables before `fit`.
    model.optimizer.build(model.trainable_variables)
    model.fit(
        batches,
        epochs=config.epochs,
        callbacks=_callbacks(config, text, batches, out),
        shuffle=False,
        verbose=verbose,
    )


def _callbacks(
    config: ElmoConfig, text: ElmoText, batches: TextWindows, out: pathlib.Path
) -> list[keras.callbacks.Callback]:
    return [
        EpochStart(config.seed, batches),
        DirectionPerplexities(config, text),
        EpochClock(),
        *record_keepers(out / HISTORY_FILE, out / BACKUP, write_graph=False),
    ]
