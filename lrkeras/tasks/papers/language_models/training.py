"""Training one row of the papers' tables."""

from __future__ import annotations

import dataclasses
import pathlib

import keras
import numpy as np

from lrkeras.compression import shrink
from lrkeras.datasets import Vocabulary, words
from lrkeras.structures.stored_size import count_parameters
from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.papers.language_models.deployment import embedded_words, measure_deployment
from lrkeras.tasks.papers.language_models.model import (
    TEACHER,
    compile_for_losses,
    copy_weights,
    dense_of,
    dense_parameters,
    full_sizes,
    logit_model,
    loss_model,
    recurrent_layers_of,
    reset_states,
)
from lrkeras.tasks.papers.language_models.non_monotonic_averaging import NonMonotonicAveraging
from lrkeras.tasks.papers.language_models.start import dense_model, norms_per_entry, start_from
from lrkeras.tasks.papers.language_models.state_reset import StateReset
from lrkeras.tasks.papers.language_models.token_streams import TokenStreams
from lrkeras.tasks.papers.language_models.unit_rows import LossModelUnitPruning, trained_sizes
from lrkeras.tasks.papers.sizes_against import sizes_against
from lrkeras.tasks.training.begun import Begun
from lrkeras.tasks.training.data_folder import check_data_folder
from lrkeras.tasks.training.epoch_clock import EpochClock
from lrkeras.tasks.training.epoch_start import EpochStart
from lrkeras.tasks.training.perplexity_logger import PerplexityLogger
from lrkeras.tasks.training.run_folder import (
    BACKUP,
    HISTORY_FILE,
    MODEL_FILE,
    RESULT_FILE,
    claimed,
    finished_result,
    read_history,
    record_keepers,
    remove_backup,
    save_model,
    write_json,
)
from lrkeras.tasks.training.structure_callbacks import structure_callbacks


@dataclasses.dataclass(frozen=True)
class Corpus:
    """The three parts of a text as ids, and its vocabulary."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    vocabulary: Vocabulary


def load_corpus(config: PaperConfig, data: str | pathlib.Path | None) -> Corpus:
    """Loads the text of a run.

    Raises:
        ValueError: there is no such corpus, or `data` is missing where it is needed.
        FileNotFoundError: the folder does not hold it.
    """
    if config.corpus == "dialogues":
        check_data_folder(data)
        train, valid, vocabulary = words.load_data(config.num_words)
        half = len(valid) // 2
        valid, test = valid[:half], valid[half:]
    elif config.corpus not in ("ptb", "ptb_characters"):
        raise ValueError(
            f"corpus must be 'ptb', 'ptb_characters' or 'dialogues'; received {config.corpus!r}."
        )
    elif data is None:
        raise ValueError(
            "The Penn Treebank does not come with the package; received no folder. Pass the folder "
            "of ptb.train.txt as `data` (--data on the command line)."
        )
    elif config.corpus == "ptb_characters":
        train, valid, test, vocabulary = words.load_ptb_characters(data)
    else:
        train, valid, test, vocabulary = words.load_ptb(data, config.num_words)
    cut = slice(config.max_tokens)
    return Corpus(train[cut], valid[cut], test[cut], vocabulary)


def train(
    config: PaperConfig,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path | None = None,
    start: str | pathlib.Path | None = None,
    verbose: int = 1,
) -> dict:
    """Trains a row and leaves its model, its history and `result.json` in a folder.

    Every epoch is backed up; a run that was stopped goes on to the same result when it is started
    again. The test text is read once, when the training is over.

    Args:
        config: the run.
        out: the folder; it is made when missing.
        data: the folder of the Penn Treebank text.
        start: the folder of the dense run, for rows that start or learn from one.
        verbose: Keras's `verbose`: 0 silent, 1 a progress bar, 2 a line an epoch.

    Returns:
        What is in `result.json`.

    Raises:
        ValueError: the folder holds a run with another config, or `start` does not fit.
        FileNotFoundError: the text or the dense run is not there.
        BlockingIOError: another process trains in the folder.
        OSError: the folder cannot be written.
    """
    out = pathlib.Path(out)
    finished = finished_result(out, config)
    if finished is not None:
        return finished
    dense = dense_model(config, start) if config.needs_dense else None
    corpus = load_corpus(config, data)
    keras.utils.set_random_seed(config.seed)
    model = loss_model(
        config, len(corpus.vocabulary), batch_size=config.batch_size, window=config.window
    )
    compile_for_losses(model, config)
    with claimed(out, config):
        return _train(config, out, model, corpus, dense, verbose)


def _train(
    config: PaperConfig,
    out: pathlib.Path,
    model: keras.Model,
    corpus: Corpus,
    dense: keras.Model | None,
    verbose: int,
) -> dict:
    before = {}
    if dense is not None and config.teacher_weight:
        copy_weights(dense, model.get_layer(TEACHER))
    if dense is not None and config.is_started:
        start_from(model, dense, config)
        before = _scores(model, config, corpus, "before_tuning")
    begun = dataclasses.asdict(Begun.now())
    file = out / MODEL_FILE
    if not file.exists():
        _fit(model, config, corpus, out, verbose)
        final = logit_model(config, len(corpus.vocabulary))
        copy_weights(model, final)
        save_model(shrink(final) if config.method == "units" else final, file)
    remove_backup(out / BACKUP)
    trained = keras.saving.load_model(file, compile=False)
    scores = _scores(trained, trained_sizes(config, trained), corpus, "")
    measured = {**before, **begun, **text_facts(corpus), **scores}
    if config.rank is not None and dense is not None and config.is_started:
        measured |= {"norms_dense": norms_per_entry(dense), "norms": norms_per_entry(trained)}
    sample = embedded_words(trained.get_layer("words").embeddings, corpus.valid)
    result = result_of(config, trained, read_history(out / HISTORY_FILE), measured, sample)
    write_json(out / RESULT_FILE, result)
    return result


def _fit(
    model: keras.Model, config: PaperConfig, corpus: Corpus, out: pathlib.Path, verbose: int
) -> None:
    def streams(ids: np.ndarray, covers_all: bool) -> TokenStreams:
        return TokenStreams(
            ids,
            window=config.window,
            batch_size=config.batch_size,
            first_id=corpus.vocabulary.end_id,
            covers_all=covers_all,
        )

    batches = streams(corpus.train, False)
    model.fit(
        batches,
        validation_data=streams(corpus.valid, True),
        epochs=config.epochs,
        callbacks=_callbacks(config, model, batches.num_batches, len(corpus.vocabulary), out),
        shuffle=False,
        verbose=verbose,
    )


def _callbacks(
    config: PaperConfig, model: keras.Model, steps: int, num_words: int, out: pathlib.Path
) -> list[keras.callbacks.Callback]:
    history_file, backup = out / HISTORY_FILE, out / BACKUP
    chosen: list[keras.callbacks.Callback] = [
        StateReset(),
        EpochStart(config.seed),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: config.rate_of(epoch)),
        EpochClock(),
        PerplexityLogger(),
    ]
    if config.patience is not None:
        chosen.append(NonMonotonicAveraging(config.patience, history_file))
    if config.method == "units":
        chosen.append(LossModelUnitPruning(config, num_words))
    chosen += structure_callbacks(
        model,
        config,
        steps * config.epochs,
        anneals=not config.is_pruned_at_once,
        dropout_until=config.co_matrix_dropout_until,
    )
    return [*chosen, *record_keepers(history_file, backup, write_graph=False)]


def perplexity(
    model: keras.Model, config: PaperConfig, ids: np.ndarray, first_id: int, batch_size: int
) -> float:
    """The perplexity of a `loss_model` of a text, every token counted once.

    Args:
        model: built with `batch_size`.
        config: the run.
        ids: the text, `(tokens,)`.
        first_id: what is fed before its first token.
        batch_size: streams into which the text is cut; 1 keeps it in one piece.
    """
    window = model.input_shape[0][1]
    batches = TokenStreams(
        ids, window=window, batch_size=batch_size, first_id=first_id, covers_all=True
    )
    reset_states(model)
    total = 0.0
    for index in range(batches.num_batches):
        inputs, _, weights = batches[index]
        losses = model.predict_on_batch(list(inputs))
        total += float(np.sum(np.asarray(losses, np.float64) * weights))
    return float(np.exp(total / len(ids)))


def _scores(model: keras.Model, config: PaperConfig, corpus: Corpus, prefix: str) -> dict:
    """Perplexities in float32: of the validation text in streams, of the test text in one piece."""
    found = {}
    for name, batch_size, window in (("valid", config.batch_size, config.window), ("test", 1, 100)):
        precise = loss_model(
            config, len(corpus.vocabulary), batch_size=batch_size, window=window, precise=True
        )
        copy_weights(model, precise)
        ids = getattr(corpus, name)
        score = perplexity(precise, config, ids, corpus.vocabulary.end_id, batch_size)
        found[f"{prefix}_{name}_perplexity" if prefix else f"{name}_perplexity"] = score
    return found


def text_facts(corpus: Corpus) -> dict:
    """What a result says of its text."""
    return {
        "train_tokens": len(corpus.train),
        "valid_tokens": len(corpus.valid),
        "test_tokens": len(corpus.test),
        "valid_oov_rate": corpus.vocabulary.oov_rate(corpus.valid),
    }


def result_of(
    config: PaperConfig,
    model: keras.Model,
    history: dict,
    measured: dict,
    sample: np.ndarray | None,
) -> dict:
    """What is in the `result.json` of a row.

    Args:
        config: the run.
        model: its `logit_model`, trained.
        history: its columns by name.
        measured: how it was begun, its perplexities, `text_facts`.
        sample: `embedded_words`, if there are any.
    """
    sparsity = history.get("sparsity")
    return {
        "task": f"papers/{config.row}",
        "config": dataclasses.asdict(config),
        **measured,
        "recurrent": recurrent_sizes(model, config),
        "seconds": sum(history["seconds"]),
        "processor_seconds": sum(history["processor_seconds"]),
        "history": history,
        "deployment": measure_deployment(model, trained_sizes(config, model), sample),
        "models": {
            config.row: {
                "parameters": count_parameters(model),
                "valid_perplexity": measured["valid_perplexity"],
                "final_sparsity": sparsity[-1] if sparsity else None,
            }
        },
    }


def recurrent_sizes(model: keras.Model, config: PaperConfig) -> dict:
    """What the recurrent layers store, against the dense run of the same base."""
    # Of small dense layers too, against those of the full size.
    dense = dense_parameters(dense_of(full_sizes(config)))
    return sizes_against(dense, recurrent_layers_of(model))
