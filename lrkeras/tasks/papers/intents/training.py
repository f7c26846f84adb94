"""Training one row of intents and slots."""

from __future__ import annotations

import dataclasses
import pathlib

import keras

from lrkeras.callbacks import UnitPruning
from lrkeras.compression import shrink
from lrkeras.structures.stored_size import count_parameters
from lrkeras.tasks.papers.intents.encoded_corpus import EncodedCorpus
from lrkeras.tasks.papers.intents.file_of_model import MODEL_FILE, measure_file
from lrkeras.tasks.papers.intents.intent_config import BASES, IntentConfig
from lrkeras.tasks.papers.intents.intent_scores import IntentScores
from lrkeras.tasks.papers.intents.model import (
    STATES,
    compile_for_intents,
    intent_model,
    outputs_of,
)
from lrkeras.tasks.papers.intents.rows import dense_parameters, narrowed_units
from lrkeras.tasks.papers.intents.sentence_batches import SentenceBatches
from lrkeras.tasks.papers.intents.validation_scores import ValidationScores
from lrkeras.tasks.papers.refused_start import refuse_start
from lrkeras.tasks.papers.sizes_against import sizes_against
from lrkeras.tasks.papers.trained_once import trained_once
from lrkeras.tasks.training.begun import Begun
from lrkeras.tasks.training.epoch_clock import EpochClock
from lrkeras.tasks.training.epoch_start import EpochStart
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
from lrkeras.tasks.training.structure_callbacks import structure_callbacks


def train(
    config: IntentConfig,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path | None = None,
    start: str | pathlib.Path | None = None,
    verbose: int = 1,
) -> dict:
    """Trains a row and leaves its model, its file, its history and `result.json` in a folder.

    Every epoch is backed up; a run that was stopped goes on to the same result when it is started
    again. The test sentences are read once by the model and once by its file, when the training is
    over.

    Args:
        config: the run.
        out: the folder; it is made when missing.
        data: the folder of the corpora.
        start: of no use: these rows start from nothing.
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
    corpus = EncodedCorpus.load(config, data)
    with claimed(out, config):
        return _train(config, out, corpus, verbose)


def _train(config: IntentConfig, out: pathlib.Path, corpus: EncodedCorpus, verbose: int) -> dict:
    begun = dataclasses.asdict(Begun.now())

    def fitted() -> keras.Model:
        model = intent_model(config, corpus)
        _fit(model, config, corpus, out, verbose)
        return shrink(model) if config.method == "units" else model

    trained = trained_once(out, config.row, config.seed, fitted)
    result = result_of(config, trained, corpus, read_history(out / HISTORY_FILE), begun, out)
    write_json(out / RESULT_FILE, result)
    return result


def _fit(
    model: keras.Model,
    config: IntentConfig,
    corpus: EncodedCorpus,
    out: pathlib.Path,
    verbose: int,
) -> None:
    batches = SentenceBatches(corpus, config.batch_size, config.seed)
    compile_for_intents(model, config, len(batches) * config.epochs)
    chosen = _callbacks(config, model, corpus, batches, out)
    model.fit(batches, epochs=config.epochs, callbacks=chosen, shuffle=False, verbose=verbose)


def _callbacks(
    config: IntentConfig,
    model: keras.Model,
    corpus: EncodedCorpus,
    batches: SentenceBatches,
    out: pathlib.Path,
) -> list[keras.callbacks.Callback]:
    chosen: list[keras.callbacks.Callback] = [EpochStart(config.seed, batches), EpochClock()]
    if config.method == "units":
        begin, end = (round(share * config.epochs) for share in config.anneal)
        left = {STATES: narrowed_units(config)}
        chosen.append(UnitPruning(units=left, begin_epoch=begin, end_epoch=max(end, begin + 1)))
    chosen += structure_callbacks(model, config, len(batches) * config.epochs)
    chosen.append(ValidationScores(corpus))
    return [*chosen, *record_keepers(out / HISTORY_FILE, out / BACKUP, write_graph=False)]


def result_of(
    config: IntentConfig,
    model: keras.Model,
    corpus: EncodedCorpus,
    history: dict,
    begun: dict,
    out: pathlib.Path,
) -> dict:
    """What is in the `result.json` of a row.

    Args:
        config: the run.
        model: trained.
        corpus: its sentences.
        history: its columns by name.
        begun: how it was begun.
        out: the folder that gets the file.
    """
    scores = {
        part: IntentScores.of(corpus, rows, outputs_of(model, corpus, rows))
        for part, rows in (("valid", corpus.valid), ("test", corpus.test))
    }
    named = scores["valid"].named("valid") | scores["test"].named("test")
    return {
        "task": f"papers/{config.row}",
        "config": dataclasses.asdict(config),
        **begun,
        **named,
        "test_by_sentence": scores["test"].by_sentence(),
        **facts_of(corpus),
        "recurrent": recurrent_sizes(model, config),
        "seconds": sum(history["seconds"]),
        "processor_seconds": sum(history["processor_seconds"]),
        "history": history,
        "file": measure_file(model, out / MODEL_FILE, corpus),
        "models": {
            config.row: {
                "parameters": count_parameters(model),
                "valid_accuracy": named["valid_accuracy"],
                "final_sparsity": history["sparsity"][-1] if "sparsity" in history else None,
            }
        },
    }


def facts_of(corpus: EncodedCorpus) -> dict:
    """What a result says of its corpus."""
    return {
        "train_sentences": len(corpus.train),
        "valid_sentences": len(corpus.valid),
        "test_sentences": len(corpus.test),
        "words": len(corpus.vocabulary),
        "intents": len(corpus.intents),
        "tags": len(corpus.tags),
        "majority_valid_accuracy": corpus.majority_accuracy(corpus.valid),
        "majority_test_accuracy": corpus.majority_accuracy(corpus.test),
    }


def recurrent_sizes(model: keras.Model, config: IntentConfig) -> dict:
    """What the LSTMs store, against those of the dense row."""
    return sizes_against(dense_parameters(BASES[config.base]), [model.get_layer(STATES)])
