"""Training one row of the AN4 table."""

from __future__ import annotations

import dataclasses
import pathlib

import keras
import numpy as np

from lrkeras.structures.stored_size import StoredSize, count_parameters
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.corpus import Corpus, load_corpus
from lrkeras.tasks.papers.an4.decoding import keras_logits, scores_of
from lrkeras.tasks.papers.an4.deployment import measure_deployment
from lrkeras.tasks.papers.an4.model import lstm_layers, recogniser
from lrkeras.tasks.papers.an4.padded_ctc import PaddedCTC
from lrkeras.tasks.papers.an4.rows import BASES
from lrkeras.tasks.papers.an4.sizes import dense_numbers, ranks_of
from lrkeras.tasks.papers.an4.utterance_batches import UtteranceBatches
from lrkeras.tasks.papers.an4.validation_words import ValidationWords
from lrkeras.tasks.papers.refused_start import refuse_start
from lrkeras.tasks.papers.trained_once import trained_once
from lrkeras.tasks.training.begun import Begun
from lrkeras.tasks.training.epoch_clock import EpochClock
from lrkeras.tasks.training.epoch_start import EpochStart
from lrkeras.tasks.training.optimizer import adamw
from lrkeras.tasks.training.run_folder import (
    BACKUP,
    HISTORY_FILE,
    RESULT_FILE,
    claimed,
    finished_result,
    read_history,
    record_keepers,
    write_json,
)

# The rate at the end, as a share of the peak.
_LAST_RATE = 0.01


def train(
    config: AN4Config,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path | None = None,
    start: str | pathlib.Path | None = None,
    verbose: int = 1,
) -> dict:
    """Trains a row and leaves its model, its history and `result.json` in a folder.

    Every epoch is backed up; a run that was stopped goes on to the same result when it is started
    again. The test speakers are heard once, when the training is over, and in short runs never;
    the weights are those of the last epoch.

    Args:
        config: the run.
        out: the folder; it is made when missing.
        data: the folder of the corpus.
        start: must be None: no row starts from another.
        verbose: Keras's `verbose`: 0 silent, 1 a progress bar, 2 a line an epoch.

    Returns:
        What is in `result.json`.

    Raises:
        ValueError: the folder holds a run with another config, or `start` is given.
        FileNotFoundError: the corpus is not there.
        BlockingIOError: another process trains in the folder.
        OSError: the folder cannot be written.
    """
    refuse_start(config.row, start)
    out = pathlib.Path(out)
    finished = finished_result(out, config)
    if finished is not None:
        return finished
    corpus = load_corpus(config, data)
    with claimed(out, config):
        return _train(config, out, corpus, verbose)


def _train(config: AN4Config, out: pathlib.Path, corpus: Corpus, verbose: int) -> dict:
    begun = dataclasses.asdict(Begun.now())
    moments = corpus.moments()

    def fitted() -> keras.Model:
        model = recogniser(config, moments)
        _fit(model, config, corpus, moments, out, verbose)
        return model

    trained = trained_once(out, config.row, config.seed, fitted)
    result = result_of(config, trained, corpus, moments, read_history(out / HISTORY_FILE), begun)
    write_json(out / RESULT_FILE, result)
    return result


def _fit(
    model: keras.Model,
    config: AN4Config,
    corpus: Corpus,
    moments: tuple[np.ndarray, np.ndarray],
    out: pathlib.Path,
    verbose: int,
) -> None:
    batches = UtteranceBatches(corpus.train, config, moments)
    steps = config.epochs * batches.num_batches
    model.compile(
        adamw(config, peak=config.learning_rate, steps=steps, last=_LAST_RATE),
        PaddedCTC(),
        # Utterances are of any length; XLA would compile each anew.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    # What is to be restored must have its variables before `fit`.
    model.optimizer.build(model.trainable_variables)
    model.fit(
        batches,
        epochs=config.epochs,
        callbacks=_callbacks(config, batches, corpus, out),
        shuffle=False,
        verbose=verbose,
    )


def _callbacks(
    config: AN4Config, batches: UtteranceBatches, corpus: Corpus, out: pathlib.Path
) -> list[keras.callbacks.Callback]:
    return [
        EpochStart(config.seed, batches),
        ValidationWords(corpus.valid, config),
        EpochClock(),
        # At the highest of the rates some kinds diverge.
        keras.callbacks.TerminateOnNaN(),
        *record_keepers(out / HISTORY_FILE, out / BACKUP, write_graph=False),
    ]


def result_of(
    config: AN4Config,
    model: keras.Model,
    corpus: Corpus,
    moments: tuple[np.ndarray, np.ndarray],
    history: dict,
    begun: dict,
) -> dict:
    """What is in the `result.json` of a row.

    Args:
        config: the run.
        model: its `recogniser`, trained.
        corpus: its utterances.
        moments: as the model was built with.
        history: its columns by name.
        begun: how the training was begun.
    """
    splits = {"valid": corpus.valid}
    if config.reads_test:
        splits["test"] = corpus.test
    scores = {
        split: scores_of(keras_logits(model, utterances, config), utterances, config)
        for split, utterances in splits.items()
    }
    return {
        "task": f"papers/{config.row}",
        "config": dataclasses.asdict(config),
        **begun,
        "train_utterances": len(corpus.train),
        "valid_utterances": len(corpus.valid),
        "test_utterances": len(corpus.test),
        "word_errors": {
            split: {decoding: dataclasses.asdict(errors) for decoding, errors in found.items()}
            for split, found in scores.items()
        },
        "recurrent": recurrent_sizes(model, config),
        "seconds": sum(history["seconds"]),
        "processor_seconds": sum(history["processor_seconds"]),
        "history": history,
        "deployment": measure_deployment(model, config, moments, splits)
        if config.reads_test
        else {"skipped": "a short run"},
        "models": {
            config.row: {
                "parameters": count_parameters(model),
                "valid_word_error_rate": scores["valid"]["greedy"].rate,
                "final_sparsity": None,
            }
        },
    }


def recurrent_sizes(model: keras.Model, config: AN4Config) -> dict:
    """What the recurrent layers store, biases counted, against the dense run of the same base."""
    base = BASES[config.base]
    dense = dense_numbers(base.units, base.features, base.num_layers)
    numbers = sum(StoredSize.of(layer).params for layer in lstm_layers(model))
    return {
        "parameters": numbers,
        "dense_parameters": dense,
        "compression": dense / numbers,
        "units": config.units,
        "ranks": ranks_of(config),
    }
