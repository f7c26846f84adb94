"""Runs of rows that are trained at the same time: what they leave, and the end of each."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import keras
import numpy as np
import side_by_side
from side_by_side_backup import SideBySideBackup

from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.papers.language_models.deployment import embedded_words
from lrkeras.tasks.papers.language_models.model import (
    copy_weights,
    logit_model,
    recurrent_layers_of,
)
from lrkeras.tasks.papers.language_models.start import dense_model, norms_per_entry, start_from
from lrkeras.tasks.papers.language_models.training import (
    Corpus,
    load_corpus,
    result_of,
    text_facts,
)
from lrkeras.tasks.training.begun import Begun
from lrkeras.tasks.training.run_folder import (
    MODEL_FILE,
    RESULT_FILE,
    check,
    claimed,
    save_model,
    write_json,
)

MEASURED_FILE = "measured.json"
WEIGHTS_FILE = "recurrent.npz"
BACKUP_FILE = "backup.npz"
_TRIAL_STEPS = 100


@dataclasses.dataclass(frozen=True)
class Run:
    """A row, its folder, and that of the dense run from which it starts, if it does."""

    config: PaperConfig
    out: pathlib.Path
    start: pathlib.Path | None = None


def train(
    runs: list[Run],
    *,
    data: str | pathlib.Path | None = None,
    deadline: float | None = None,
    report=print,
) -> None:
    """Trains rows of one size at the same time, on the JAX backend.

    The folder of each gets `config.json`, `measured.json` with its history and perplexities, and
    `recurrent.npz` with the weights of its recurrent layers, or, if it is dense, the whole
    `model.keras`. `finish` makes the `result.json` of it. A run that is stopped goes on to the same
    weights if the same rows are trained again: the folder of the first has a backup of all, made
    after an epoch, and at most once a minute.

    Args:
        runs: the rows; those whose folder has all this are left out.
        data: the folder of the Penn Treebank text.
        deadline: a `time.monotonic()` at which the training is over, however many epochs it has
            had then; `stopped_after` in `measured.json` says so.
        report: is called with a line an epoch.

    Raises:
        ValueError: the rows cannot be trained at the same time, a folder holds another run, or the
            deadline leaves no time for an epoch.
        FileNotFoundError: the text or a dense run is not there.
        OSError: a folder cannot be written.
        RuntimeError: Keras computes with another backend.
    """
    import jax

    _require_jax()
    for run in runs:
        check(run.out, run.config)
    runs = [run for run in runs if not (run.out / MEASURED_FILE).exists()]
    if not runs:
        return
    configs = [run.config for run in runs]
    side_by_side.check(configs)
    corpus = load_corpus(configs[0], data)
    with side_by_side.on_processor():
        models = [_first_model(run, len(corpus.vocabulary)) for run in runs]
    trained = side_by_side.SideBySide(configs, len(corpus.vocabulary), models)
    backup = SideBySideBackup(runs[0].out / BACKUP_FILE, configs)
    found, histories = _trained(trained, corpus, deadline, backup, report)
    begun = dataclasses.asdict(Begun.now())
    begun["versions"] |= {"jax": jax.__version__}
    done = len(histories[0]["epoch"])
    if done < configs[0].epochs:
        report(f"the time is over after {done} of {configs[0].epochs} epochs")
        begun["stopped_after"] = done
    trained.fetch()
    with side_by_side.on_processor():
        for row, run in enumerate(runs):
            measured = {
                **{name: float(values[row]) for name, values in found.items()},
                **begun,
                "device": str(jax.devices()[0].device_kind),
                "rows_at_once": len(runs),
                "num_words": len(corpus.vocabulary),
                **text_facts(corpus),
                "history": histories[row],
            }
            _keep(run, trained.write_back(row), measured, corpus.valid)
    backup.delete()


def _require_jax() -> None:
    if keras.backend.backend() != "jax":
        raise RuntimeError(
            f"Expected the JAX backend; Keras computes with {keras.backend.backend()!r}. Set the "
            "environment variable KERAS_BACKEND to jax."
        )


def _trained(
    rows: side_by_side.SideBySide,
    corpus: Corpus,
    deadline: float | None,
    backup: SideBySideBackup,
    report,
) -> tuple[dict[str, np.ndarray], list[dict]]:
    """Trains rows; returns their perplexities by name, before tuning too, and their histories."""
    config, first_id = rows.configs[0], corpus.vocabulary.end_id
    seconds = rows.seconds_per_step(corpus.train, first_id, _TRIAL_STEPS)
    steps = len(corpus.train) // (config.batch_size * config.window)
    minutes = seconds * steps * config.epochs / 60
    report(
        f"{len(rows.configs)} rows: {1e3 * seconds:.2f} ms a step, {minutes:.1f} min for "
        f"{config.epochs} epochs of {steps} steps"
    )
    is_tuned = any(config.is_started for config in rows.configs)
    before = _scores(rows, corpus, "before_tuning_") if is_tuned else {}
    histories = rows.fit(
        corpus.train, corpus.valid, first_id, deadline=deadline, backup=backup, report=report
    )
    if not histories[0]:
        raise ValueError(
            "Expected time for one epoch at least; the deadline had passed before it began. Give "
            "more, or train fewer rows at a time."
        )
    return before | _scores(rows, corpus, ""), histories


def _scores(rows: side_by_side.SideBySide, corpus: Corpus, prefix: str) -> dict[str, np.ndarray]:
    """Perplexities in float32: of the validation text in streams, of the test text in one piece."""
    first_id = corpus.vocabulary.end_id
    streams = rows.nats(corpus.valid, first_id, precise=True)
    whole = rows.nats(corpus.test, first_id, batch_size=1, window=100, precise=True)
    return {
        f"{prefix}valid_perplexity": np.exp(streams),
        f"{prefix}test_perplexity": np.exp(whole),
    }


def _keep(run: Run, model: keras.Model, measured: dict, valid: np.ndarray) -> None:
    """Writes what a row leaves."""
    with claimed(run.out, run.config):
        table = model.get_layer("words").embeddings
        if run.config.rank is not None:
            dense = dense_model(run.config, run.start)
            measured |= {"norms_dense": norms_per_entry(dense), "norms": norms_per_entry(model)}
        if run.config.method == "dense":
            whole = logit_model(run.config, table.shape[0])
            copy_weights(model, whole)
            save_model(whole, run.out / MODEL_FILE)
        else:
            weights = [w for layer in recurrent_layers_of(model) for w in layer.get_weights()]
            sample = embedded_words(table, valid)
            np.savez_compressed(run.out / WEIGHTS_FILE, *weights, sample=sample)
        write_json(run.out / MEASURED_FILE, measured)


def _first_model(run: Run, num_words: int) -> keras.Model:
    dense = dense_model(run.config, run.start) if run.config.is_started else None
    model = side_by_side.build(run.config, num_words)
    if dense is not None:
        start_from(model, dense, run.config)
    return model


def finish(run: Run) -> dict:
    """Measures the file of a row that was trained side by side and writes its `result.json`.

    The bytes and the time of a dense row do not depend on its weights: its `model.keras`, which is
    large, may stay where it was trained.

    Args:
        run: the row and its folder.

    Returns:
        What is in `result.json`, as of `training.train`.

    Raises:
        ValueError: the folder holds a run with another config.
        FileNotFoundError: the folder has no such run.
    """
    check(run.out, run.config)
    if not (run.out / MEASURED_FILE).is_file():
        raise FileNotFoundError(
            f"Expected a run that was trained side by side in {str(run.out)!r}, with a file "
            f"{MEASURED_FILE!r}; there is none. Train it first."
        )
    measured = json.loads((run.out / MEASURED_FILE).read_text(encoding="utf-8"))
    model = logit_model(run.config, measured.pop("num_words"))
    sample = None
    if (run.out / MODEL_FILE).exists():
        model = keras.saving.load_model(run.out / MODEL_FILE, compile=False)
    elif (run.out / WEIGHTS_FILE).exists():
        with np.load(run.out / WEIGHTS_FILE) as stored:
            sample = stored.get("sample")
            weights = [stored[name] for name in stored.files if name != "sample"]
        for layer in recurrent_layers_of(model):
            count = len(layer.weights)
            layer.set_weights(weights[:count])
            weights = weights[count:]
    result = result_of(run.config, model, measured.pop("history"), measured, sample)
    write_json(run.out / RESULT_FILE, result)
    return result
