"""Training one row of translation."""

from __future__ import annotations

import dataclasses
import pathlib

import keras

from lrkeras.structures.stored_size import count_parameters
from lrkeras.tasks.papers.refused_start import refuse_start
from lrkeras.tasks.papers.sizes_against import sizes_against
from lrkeras.tasks.papers.trained_once import trained_once
from lrkeras.tasks.papers.translation.baselines import baseline_bleu
from lrkeras.tasks.papers.translation.file_of_model import MODEL_FILE, measure_file
from lrkeras.tasks.papers.translation.model import compile_translator, lstm_layers, translator
from lrkeras.tasks.papers.translation.pair_batches import PairBatches
from lrkeras.tasks.papers.translation.pair_corpus import PairCorpus
from lrkeras.tasks.papers.translation.rows import dense_parameters
from lrkeras.tasks.papers.translation.translation_config import BASES, TranslationConfig
from lrkeras.tasks.papers.translation.validation_bleu import ValidationBleu
from lrkeras.tasks.training.begun import Begun
from lrkeras.tasks.training.bfloat16_products import bfloat16_products
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

WORDS_FILE = "sub_words.spm"


def train(
    config: TranslationConfig,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path | None = None,
    start: str | pathlib.Path | None = None,
    verbose: int = 1,
) -> dict:
    """Trains a row and leaves its model, its file, its history and `result.json` in a folder.

    Every epoch is backed up; a run that was stopped goes on to the same result when it is started
    again. The test sentences are translated once, by the file, when the training is over, and in
    runs that choose a learning rate never; the weights are those of the last epoch.

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
        ImportError: keras-hub or sacrebleu is not installed.
        BlockingIOError: another process trains in the folder.
        OSError: the folder cannot be written.
    """
    refuse_start(config.row, start)
    out = pathlib.Path(out)
    finished = finished_result(out, config)
    if finished is not None:
        return finished
    corpus = PairCorpus.load(config, data, out / WORDS_FILE)
    baselines = baseline_bleu(corpus)  # also finds out whether sacrebleu is there
    with claimed(out, config):
        corpus.write_words(out / WORDS_FILE)
        return _train(config, out, corpus, baselines, verbose)


def _train(
    config: TranslationConfig,
    out: pathlib.Path,
    corpus: PairCorpus,
    baselines: dict[str, float],
    verbose: int,
) -> dict:
    begun = dataclasses.asdict(Begun.now())

    def fitted() -> keras.Model:
        model = translator(config, len(corpus.sub_words))
        _fit(model, config, corpus, out, verbose)
        return model

    trained = trained_once(out, config.row, config.seed, fitted)
    history = read_history(out / HISTORY_FILE)
    result = result_of(config, trained, corpus, history, out / MODEL_FILE)
    result = {**result, **begun, "baselines": baselines}
    write_json(out / RESULT_FILE, result)
    return result


def _fit(
    model: keras.Model,
    config: TranslationConfig,
    corpus: PairCorpus,
    out: pathlib.Path,
    verbose: int,
) -> None:
    batches, held_out = (
        PairBatches(pairs, corpus.sub_words, config.longest, config.batch_size, config.seed)
        for pairs in (corpus.train, corpus.valid)
    )
    compile_translator(model, config, len(batches) * config.epochs)
    with bfloat16_products(config.bfloat16_products):
        model.fit(
            batches,
            validation_data=held_out,
            epochs=config.epochs,
            callbacks=_callbacks(config, model, corpus, batches, out),
            shuffle=False,
            verbose=verbose,
        )


def _callbacks(
    config: TranslationConfig,
    model: keras.Model,
    corpus: PairCorpus,
    batches: PairBatches,
    out: pathlib.Path,
) -> list[keras.callbacks.Callback]:
    return [
        EpochStart(config.seed, batches),
        EpochClock(),
        *structure_callbacks(model, config, len(batches) * config.epochs),
        ValidationBleu(corpus, config.longest),
        *record_keepers(out / HISTORY_FILE, out / BACKUP, write_graph=False),
    ]


def result_of(
    config: TranslationConfig,
    model: keras.Model,
    corpus: PairCorpus,
    history: dict,
    path: pathlib.Path,
) -> dict:
    """What is in the `result.json` of a row beside how it was begun.

    Args:
        config: the run.
        model: trained.
        corpus: its sentences.
        history: its columns by name.
        path: where the file is written.
    """
    valid_bleu = history["val_bleu"][-1]
    return {
        "task": f"papers/{config.row}",
        "config": dataclasses.asdict(config),
        "valid_bleu": valid_bleu,
        "valid_loss": history["val_loss"][-1],
        **facts_of(corpus),
        "recurrent": recurrent_sizes(model, config),
        "seconds": sum(history["seconds"]),
        "processor_seconds": sum(history["processor_seconds"]),
        "history": history,
        "file": measure_file(model, path, config, corpus)
        if config.reads_test
        else {"skipped": "it chooses a learning rate"},
        "models": {
            config.row: {
                "parameters": count_parameters(model),
                "valid_bleu": valid_bleu,
                "final_sparsity": history["sparsity"][-1] if "sparsity" in history else None,
            }
        },
    }


def facts_of(corpus: PairCorpus) -> dict:
    """What a result says of its corpus."""
    return {
        "train_sentences": len(corpus.train),
        "valid_sentences": len(corpus.valid),
        "test_sentences": len(corpus.test),
        "sub_words": len(corpus.sub_words),
    }


def recurrent_sizes(model: keras.Model, config: TranslationConfig) -> dict:
    """What the LSTMs store, against those of the dense row."""
    return sizes_against(dense_parameters(BASES[config.base]), lstm_layers(model))
