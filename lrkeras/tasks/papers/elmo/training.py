"""Training one row of the ELMo table."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import keras
import numpy as np

from lrkeras.structures.stored_size import StoredSize, count_parameters
from lrkeras.tasks.papers.elmo.bilm import lstm_layers
from lrkeras.tasks.papers.elmo.compression import compressed, finished_base
from lrkeras.tasks.papers.elmo.deployment import measure_deployment
from lrkeras.tasks.papers.elmo.downstream import TASKS
from lrkeras.tasks.papers.elmo.downstream.learning import Learnable, facts_of, learn, measured
from lrkeras.tasks.papers.elmo.elmo_config import BASES, ElmoConfig
from lrkeras.tasks.papers.elmo.elmo_text import ElmoText
from lrkeras.tasks.papers.elmo.language_model import BILM, perplexities
from lrkeras.tasks.papers.elmo.rows import lstm_numbers
from lrkeras.tasks.papers.elmo.text_training import trained_on_text
from lrkeras.tasks.papers.language_models.start import norms_per_entry
from lrkeras.tasks.papers.refused_start import refuse_start
from lrkeras.tasks.papers.sizes_against import sizes_against
from lrkeras.tasks.training.begun import Begun
from lrkeras.tasks.training.run_folder import (
    HISTORY_FILE,
    MODEL_FILE,
    RESULT_FILE,
    claimed,
    finished_result,
    read_history,
    save_model,
    write_json,
)

TASK_FOLDER = "tasks"
_SAMPLE = 64  # words on which a file is compared with Keras


def train(
    config: ElmoConfig,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path | None = None,
    start: str | pathlib.Path | None = None,
    verbose: int = 1,
) -> dict:
    """Trains a row, or compresses what another one trained, and leaves `result.json` in a folder.

    The language model is trained first, then it is frozen, and every task is learnt on top of it
    with every seed. A row that was compressed learns nothing: it has the tasks' models of the run
    that it starts from, which read other layers now. A run that was stopped goes on to the same
    result when it is started again: after the last whole epoch of the language model, and after the
    last task that was learnt. The test parts are read once, when all is over.

    Args:
        config: the run.
        out: the folder; it is made when missing.
        data: the folder that holds the folders `wikitext-2`, `sst`, `sick` and `squad-dev`.
        start: the folder of the finished base, for rows that are compressed.
        verbose: Keras's `verbose`: 0 silent, 1 a progress bar, 2 a line an epoch.

    Returns:
        What is in `result.json`.

    Raises:
        ValueError: the folder holds a run with another config, or `start` does not fit.
        FileNotFoundError: a corpus or the base is not there.
        BlockingIOError: another process trains in the folder.
        OSError: the folder cannot be written.
    """
    out = pathlib.Path(out)
    finished = finished_result(out, config)
    if finished is not None:
        return finished
    if not config.is_compressed:
        refuse_start(config.row, start)
    base = finished_base(config, start) if config.is_compressed else None
    text = ElmoText.load(config, data) if config.has_language_model else None
    tasks = [Learnable.load(TASKS[name], config, data) for name in config.tasks]
    with claimed(out, config):
        result = _train(config, out, text, tasks, base, verbose)
        write_json(out / RESULT_FILE, result)
    return result


def _train(
    config: ElmoConfig,
    out: pathlib.Path,
    text: ElmoText | None,
    tasks: list[Learnable],
    base: pathlib.Path | None,
    verbose: int,
) -> dict:
    result = {
        "task": f"papers/{config.row}",
        "config": dataclasses.asdict(config),
        **dataclasses.asdict(Begun.now()),
    }
    model = None
    if text is not None:
        model = _language_model(config, out, text, base, verbose)
        result |= _text_result(config, out, model, text)
    bilm = None if model is None else model.get_layer(BILM)
    result["tasks"] = {
        one.task.name: _task_result(config, one, bilm, out, base or out) for one in tasks
    }
    return result | _shown(config, result, tasks)


def _shown(config: ElmoConfig, result: dict, tasks: list[Learnable]) -> dict:
    """What the command line shows: the perplexity forward or, without it, the mean of the tasks."""
    found = {"parameters": result.get("frozen_parameters", 0), "final_sparsity": None}
    if config.has_language_model:
        found["valid_perplexity"] = result["valid_perplexity"]["forward"]
        return {"models": {config.row: found}}
    scores = [s["valid"]["score"] for t in result["tasks"].values() for s in t["seeds"].values()]
    found["valid_accuracy"] = float(np.mean(scores))
    count = sum(len(one.parts[1]) for one in tasks)
    return {"models": {config.row: found}, "valid_sentences": count}


def _language_model(
    config: ElmoConfig,
    out: pathlib.Path,
    text: ElmoText,
    base: pathlib.Path | None,
    verbose: int,
) -> keras.Model:
    if base is None:
        return trained_on_text(config, out, text, verbose)
    model = compressed(config, keras.saving.load_model(base / MODEL_FILE, compile=False))
    save_model(model, out / MODEL_FILE)
    return model


def _text_result(config: ElmoConfig, out: pathlib.Path, model: keras.Model, text: ElmoText) -> dict:
    """What the language model is, and how well it predicts."""
    bilm, file = model.get_layer(BILM), out / HISTORY_FILE
    history = read_history(file) if file.exists() else {"seconds": [], "processor_seconds": []}
    lstms, base = lstm_layers(bilm), BASES[config.base]
    dense = len(lstms) * lstm_numbers(base.units, base.projection)
    return {
        "valid_perplexity": perplexities(model, config, text, text.valid),
        "test_perplexity": perplexities(model, config, text, text.test),
        "unigram_valid_perplexity": text.unigram_perplexity(text.valid),
        "unigram_test_perplexity": text.unigram_perplexity(text.test),
        "train_tokens": len(text.train),
        "valid_tokens": len(text.valid),
        "test_tokens": len(text.test),
        "valid_oov_rate": float(np.mean(text.predicted(text.valid) == text.vocabulary.unknown_id)),
        "predicted_words": text.num_words,
        "recurrent": sizes_against(dense, lstms),
        # Of what the tasks read: characters and LSTMs, without the output layer.
        "frozen_parameters": StoredSize.of(bilm).params,
        "norms": norms_per_entry(bilm),
        "deployment": measure_deployment(bilm, config, text.characters[text.valid[:_SAMPLE]]),
        "history": history,
        "seconds": sum(history["seconds"]),
        "processor_seconds": sum(history["processor_seconds"]),
    }


def _task_result(
    config: ElmoConfig,
    one: Learnable,
    bilm: keras.Model | None,
    out: pathlib.Path,
    learnt: pathlib.Path,
) -> dict:
    """Scores of every seed of a task, learnt in the folder `learnt` or, if that is `out`, now."""
    files = {
        seed: learnt / TASK_FOLDER / f"{one.task.name}-{seed}.keras" for seed in config.task_seeds
    }
    frozen = None if bilm is None else one.frozen(bilm, config, is_learnt=learnt == out)
    for seed, file in files.items():
        if learnt == out and not file.exists():
            file.parent.mkdir(exist_ok=True)
            learn(one, config, frozen, seed, file)
    seeds = {}
    for seed, file in files.items():
        model = keras.saving.load_model(file, compile=False)
        seeds[str(seed)] = {
            "valid": measured(model, one, frozen, 1),
            "test": measured(model, one, frozen, 2),
            "parameters": count_parameters(model),
            "learning": json.loads(file.with_suffix(".json").read_text(encoding="utf-8")),
        }
    return {**facts_of(one), "seeds": seeds}
