"""Next-word prediction: a dense LSTM and compressed ones, trained alike on the same text."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lrkeras.datasets import Vocabulary, keyboard_text, own_text, words
from lrkeras.structures.stored_size import count_parameters
from lrkeras.tasks.training.data_folder import check_data_folder
from lrkeras.tasks.training.epoch_clock import EpochClock
from lrkeras.tasks.training.epoch_start import EpochStart
from lrkeras.tasks.training.perplexity_logger import PerplexityLogger
from lrkeras.tasks.training.run_folder import (
    check,
    claimed,
    read_history,
    record_keepers,
    remove_backup,
    save_model,
    write_json,
)
from lrkeras.tasks.training.structure_callbacks import structure_callbacks
from lrkeras.tasks.word_prediction.config import WordPredictionConfig
from lrkeras.tasks.word_prediction.models import (
    build_model,
    check_name,
    epochs_of,
    inherit,
    make_optimizer,
    starts_from_teacher,
)
from lrkeras.tasks.word_prediction.phone_file import phone_file, unigram_perplexity
from lrkeras.tasks.word_prediction.token_windows import TokenWindows, whole_windows
from lrkeras.tasks.word_prediction.word_distiller import WordDistiller


def load_corpus(
    config: WordPredictionConfig, data: str | pathlib.Path | None = None
) -> tuple[np.ndarray, np.ndarray, Vocabulary]:
    """Loads the training and validation tokens that a config asks for.

    Args:
        config: the run.
        data: the folder of the corpus, the file of `"text"`; only `"dialogues"` needs none.

    Returns:
        `(train_ids, valid_ids, vocabulary)`.

    Raises:
        ValueError: the corpus is unknown, or `data` is missing where it is needed.
        FileNotFoundError: the folder does not hold the corpus.
    """
    if config.corpus == "text":
        own = own_text.load_data(_text_file(data), config.num_words)
        return own.train, own.valid["text"][: config.max_valid_tokens], own.vocabulary
    check_data_folder(data)
    if config.corpus == "dialogues":
        train, valid, vocabulary = words.load_data(config.num_words)
    elif config.corpus not in ("ptb", "wikitext2", "keyboard"):
        raise ValueError(
            "corpus must be 'dialogues', 'ptb', 'wikitext2', 'keyboard' or 'text'; received "
            f"{config.corpus!r}."
        )
    elif data is None:
        raise ValueError(
            f"The corpus {config.corpus!r} does not come with the package; received no folder. "
            "Pass the folder that holds it as `data` (--data on the command line)."
        )
    elif config.corpus == "ptb":
        train, valid, _, vocabulary = words.load_ptb(data, config.num_words)
    elif config.corpus == "wikitext2":
        train, valid, vocabulary = words.load_wikitext2(data, config.num_words)
    else:
        text = keyboard_text.load_data(
            data, config.num_words, repeats=config.repeats, chat_rate=config.chat_rate
        )
        # As much of each source: what is typed is not like the largest one, the articles.
        share = min(len(ids) for ids in text.valid.values())
        valid = np.concatenate([ids[:share] for ids in text.valid.values()])
        train, vocabulary = text.train, text.vocabulary
    return train[: config.max_train_tokens], valid[: config.max_valid_tokens], vocabulary


def _text_file(data: str | pathlib.Path | None) -> str | pathlib.Path:
    if data is None or not pathlib.Path(data).is_file():
        given = "none" if data is None else repr(str(data))
        raise FileNotFoundError(
            f"Expected a file of text, a sentence or message a line, as `data`; received {given}. "
            "Pass one with --data my_text.txt."
        )
    return data


def training_windows(
    config: WordPredictionConfig, train_ids: np.ndarray, vocabulary: Vocabulary
) -> TokenWindows:
    """The windows that the models of a config are trained on."""
    return TokenWindows(
        train_ids,
        window=config.window,
        batch_size=config.batch_size,
        first_id=vocabulary.end_id,
        seed=config.seed,
        steps_per_epoch=config.steps_per_epoch,
        unknown_id=vocabulary.unknown_id,
        unknown_rate=config.unknown_rate,
    )


def train(
    config: WordPredictionConfig,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path | None = None,
    verbose: int = 1,
) -> dict:
    """Trains every model of a config and leaves them and their histories in a folder.

    A run that was stopped goes on where the last finished epoch ended when it is started again with
    the same config and folder; a model that is finished is not trained again.

    Args:
        config: the run.
        out: the folder; it is made when missing. `config.json`, `metadata.json` (the vocabulary,
            for `convert`) and `training.json` are written beside the models.
        data: the folder of a corpus that does not come with the package, or a file of text. Of a
            text the int8 step file of each model is left too, for the app and `Suggester`.
        verbose: Keras's `verbose`: 0 silent, 1 a progress bar, 2 a line an epoch.

    Returns:
        What is in `training.json`: tokens, out-of-vocabulary rates, and for each model its
        parameters and perplexities.

    Raises:
        ValueError: a model is unknown, or the folder holds a run with another config.
        BlockingIOError: another process trains in the folder.
        OSError: the folder cannot be written.
    """
    for name in config.models:
        check_name(name)
    out = pathlib.Path(out)
    check(out, config, ignored=("models",))  # a folder may get more of them
    train_ids, valid_ids, vocabulary = load_corpus(config, data)
    with claimed(out, config, ignored=("models",)):
        write_json(out / "metadata.json", {"vocabulary": vocabulary.words})
        config = config.sized_for(len(train_ids))
        report: dict[str, Any] = {
            "task": "word_prediction",
            "train_tokens": len(train_ids),
            "valid_tokens": len(valid_ids),
            "valid_oov_rate": vocabulary.oov_rate(valid_ids),
            "models": {
                name: train_model(
                    config, name, train_ids, valid_ids, vocabulary, out, verbose=verbose
                )
                for name in config.models
            },
        }
        if config.corpus == "text":
            spellings = own_text.usual_spellings(_text_file(data), vocabulary)
            for name in config.models:
                file = phone_file(config, out / f"{name}.keras", valid_ids, vocabulary, spellings)
                report["models"][name] |= file
            size = len(vocabulary)
            report["unigram_perplexity"] = unigram_perplexity(train_ids, valid_ids, size)
        write_json(out / "training.json", report)
    return report


def train_model(
    config: WordPredictionConfig,
    name: str,
    train_ids: np.ndarray,
    valid_ids: np.ndarray,
    vocabulary: Vocabulary,
    out: pathlib.Path,
    *,
    start: Callable[[keras.Model], None] | None = None,
    verbose: int = 1,
) -> dict:
    """Trains one model, or finds that it is trained already.

    Args:
        config: the run.
        name: a name of `MODELS`.
        train_ids: the tokens, as `load_corpus` gives them, and
        valid_ids: those that the perplexity is of.
        vocabulary: their words.
        out: the folder of the run.
        start: gives a new model the weights that its training starts from; None: random ones, or
            the teacher's.
        verbose: as in `train`.

    Returns:
        `parameters` (what is stored), `valid_perplexity`, `final_sparsity` (None without a sparse
        part), `seconds` of training (None for a history of before they were kept).
    """
    history_file = out / f"{name}.history.csv"
    model_file = out / f"{name}.keras"
    if not model_file.exists():
        keras.utils.set_random_seed(config.seed)
        model = build_model(config, name, len(vocabulary), precision=config.precision)
        if start is not None:
            start(model)
        trained = model
        if config.teacher is not None and name != config.teacher:
            trained = _distilled(config, name, model, out)
        batches = training_windows(config, train_ids, vocabulary)
        if trained is not model:
            # Whole windows: a distiller's metrics do not know the weights of padding.
            valid_ids = whole_windows(valid_ids, config.window)
        valid = TokenWindows(
            valid_ids,
            window=config.window,
            batch_size=4 * config.batch_size,
            first_id=vocabulary.end_id,
        )
        # Or TensorFlow traces the step twice: also the one in which Keras makes these variables.
        trained.optimizer.build(trained.trainable_variables)
        trained.fit(
            batches,
            validation_data=valid,
            epochs=epochs_of(config, name),
            callbacks=_callbacks(config, model, batches, history_file),
            shuffle=False,
            verbose=verbose,
        )
        save_model(_with_precision(model, config, "float32"), model_file)
    remove_backup(_backup(out, name))
    return _summary(model_file, history_file)


def _distilled(
    config: WordPredictionConfig, name: str, student: keras.Model, out: pathlib.Path
) -> keras.Model:
    """What to `fit`, so that a student learns from the teacher as well as from the text."""
    file = out / f"{config.teacher}.keras"
    if not file.exists():
        raise ValueError(
            f"Expected the teacher {config.teacher!r} to be trained before {name!r}: put it first "
            f"in `models`. There is no file {str(file)!r}."
        )
    teacher = keras.saving.load_model(file, compile=False)
    teacher = _with_precision(teacher, config, config.precision)
    if starts_from_teacher(config, name):
        inherit(student, teacher)
    distiller = WordDistiller(
        teacher,
        student,
        optimizer=make_optimizer(config, name),
        teacher_weight=config.teacher_weight,
    )
    distiller.build((None, config.window))  # or its backups could not be restored
    return distiller


def _with_precision(
    model: keras.Model, config: WordPredictionConfig, precision: str
) -> keras.Model:
    """A model of the same weights that computes with another dtype policy."""
    num_words = model.output_shape[-1]
    copy = build_model(config, model.name, num_words, precision=precision)
    copy.set_weights(model.get_weights())
    return copy


def _callbacks(
    config: WordPredictionConfig,
    model: keras.Model,
    batches: TokenWindows,
    history_file: pathlib.Path,
) -> list[keras.callbacks.Callback]:
    out, name = history_file.parent, model.name
    chosen = [
        EpochStart(config.seed, batches),
        EpochClock(),
        PerplexityLogger("student_loss"),
    ]
    steps = epochs_of(config, name) * config.steps_per_epoch
    chosen += structure_callbacks(model, config, steps)
    return [*chosen, *record_keepers(history_file, _backup(out, name))]


def _backup(out: pathlib.Path, name: str) -> pathlib.Path:
    return out / f".{name}.backup"


def _summary(model_file: pathlib.Path, history_file: pathlib.Path) -> dict:
    history = read_history(history_file)
    write_json(history_file.with_suffix(".json"), history)
    model = keras.saving.load_model(model_file, compile=False)
    return {
        "file": model_file.name,
        "parameters": count_parameters(model),
        "valid_perplexity": history["val_perplexity"][-1],
        "final_sparsity": history["sparsity"][-1] if "sparsity" in history else None,
        "seconds": sum(history["seconds"]) if "seconds" in history else None,
    }
