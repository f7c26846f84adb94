"""From text to a report in one call: train, convert, measure, predict, draw."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
import platform
import time
from collections.abc import Callable, Iterable
from typing import Any

import keras

from lrkeras.benchmark import benchmark
from lrkeras.export import convert
from lrkeras.system.atomic_write import write_text
from lrkeras.system.json_file import write_json
from lrkeras.tasks import word_prediction
from lrkeras.tasks.quickstart import report as quickstart_report
from lrkeras.tasks.training import plots
from lrkeras.tasks.word_prediction.config import WordPredictionConfig
from lrkeras.tasks.word_prediction.step_language_model import StepLanguageModel
from lrkeras.tasks.word_prediction.token_windows import TokenWindows

# Short name of a file -> model of the task.
MODELS = {"dense": "dense", "doped": "doped_kronecker"}
QUANTISATIONS = {"fp32": None, "int8": "int8"}
PROMPTS = (
    "i would like to",
    "can you find me a",
    "what is the",
    "please book a table for",
    "thanks , that",
)
SLICE_TOKENS = 8000

Track = Callable[..., Iterable]  # (items, what) -> items


def run(
    out: str | os.PathLike,
    *,
    preset: str | WordPredictionConfig = "tiny",
    rounds: int = 100,
    slice_tokens: int = SLICE_TOKENS,
    verbose: int = 1,
    say: Callable[[str], Any] = lambda line: None,
    track: Track = lambda items, what: items,
) -> dict:
    """Trains a dense and a doped-Kronecker word model and measures what a phone would run.

    Leaves in the folder: `dense.keras`, `doped_kronecker.keras` and their histories;
    `{dense,doped}_{fp32,int8}.tflite`; `report.json`, `report.md`, `training.png` and
    `tradeoff.png`. What is trained already is not trained again.

    Args:
        out: the folder; made when missing.
        preset: a preset of the word-prediction task, or a config of one's own.
        rounds: rounds of the benchmark; in each round every file is timed once.
        slice_tokens: how many validation tokens the converted files are scored on.
        verbose: Keras's `verbose` during training.
        say: called with one line before each stage.
        track: wraps a long loop, given what it does, for a progress bar.

    Returns:
        What is in `report.json`.

    Raises:
        ConversionError: a converted file does not agree with Keras.
        ValueError: the folder holds a run with other settings.
    """
    started = time.monotonic()
    out = pathlib.Path(out)
    config = word_prediction.PRESETS[preset] if isinstance(preset, str) else preset
    say("Training: the same text, sizes and number of steps for both models")
    training = word_prediction.train(config, out, verbose=verbose)
    trained = time.monotonic()
    say("Converting to step files; each is compared with Keras before it is kept")
    names = [f"{short}_{kind}" for short in MODELS for kind in QUANTISATIONS]
    conversions = {name: _convert(out, name) for name in track(names, "converting")}
    say("Timing the files side by side")
    latency = benchmark([out / f"{name}.tflite" for name in conversions], rounds=rounds, seed=0)
    say(f"Scoring the files on {slice_tokens:,} validation tokens")
    quality = _score(out, config, names, slice_tokens, track)
    timing = json.loads(latency.to_json())
    report = {
        "config": dataclasses.asdict(config),
        "training": training,
        "files": _rows(conversions, timing, quality["files"]),
        "keras_perplexity": quality["keras"],
        "slice_tokens": quality["tokens"],
        "slice_oov_rate": quality["oov_rate"],
        "benchmark": timing,
        "conversions": conversions,
        "python": platform.python_version(),
        "predictions": quality["predictions"],
        "seconds": {"training": trained - started, "all": time.monotonic() - started},
    }
    _write(out, report)
    return report


def _convert(out: pathlib.Path, name: str) -> dict:
    short, _, kind = name.partition("_")
    model = keras.saving.load_model(out / f"{MODELS[short]}.keras", compile=False)
    vocabulary = json.loads((out / "metadata.json").read_text(encoding="utf-8"))
    report = convert(
        model,
        out / f"{name}.tflite",
        form="step",
        quantize=QUANTISATIONS[kind],
        metadata=vocabulary,
    )
    return json.loads(report.to_json())


def _score(
    out: pathlib.Path,
    config: WordPredictionConfig,
    names: list[str],
    tokens: int,
    track: Track,
) -> dict:
    _, valid_ids, vocabulary = word_prediction.load_corpus(config)
    ids = valid_ids[:tokens]
    batches = TokenWindows(ids, window=config.window, batch_size=64, first_id=vocabulary.end_id)
    expected = {
        short: _keras_perplexity(out / f"{model}.keras", config, batches)
        for short, model in MODELS.items()
    }
    files, predictions = {}, {}
    for name in names:
        runner = StepLanguageModel(out / f"{name}.tflite")
        progress = functools.partial(track, what=name)
        files[name] = runner.perplexity(ids, window=config.window, track=progress)
        predictions[name] = [
            {
                "prompt": prompt,
                "next": runner.next_words(prompt),
                "completion": runner.complete(prompt),
            }
            for prompt in PROMPTS
        ]
    return {
        "keras": expected,
        "files": files,
        "predictions": predictions,
        "tokens": len(ids),
        "oov_rate": vocabulary.oov_rate(ids),
    }


def _keras_perplexity(
    file: pathlib.Path, config: WordPredictionConfig, batches: TokenWindows
) -> float:
    model = keras.saving.load_model(file, compile=False)
    word_prediction.compile_model(model, config, model.name)
    return float(model.evaluate(batches, verbose=0, return_dict=True)["perplexity"])


def _write(out: pathlib.Path, report: dict) -> None:
    write_json(out / "report.json", report)
    write_text(out / "report.md", quickstart_report.render(report).removesuffix("\n"))
    histories = {
        model: word_prediction.read_history(out / f"{model}.history.csv")
        for model in MODELS.values()
    }
    plots.training(histories, out / "training.png")
    plots.tradeoff(report["files"], out / "tradeoff.png")


def _rows(conversions: dict, timing: dict, perplexities: dict) -> list[dict]:
    """One row a file: what the plots and the table of the report show."""
    return [
        {
            "name": name,
            "bytes": latency["file_bytes"],
            "parameters": sum(layer["params"] for layer in conversion["layers"]),
            "macs": sum(layer["macs"] for layer in conversion["layers"]),
            "median_us": latency["median_us"],
            "p90_us": latency["p90_us"],
            "speedup": latency["speedup"],
            "speedup_quartiles": latency["speedup_quartiles"],
            "perplexity": perplexities[name],
            "parity_error": max(found["error"] for found in conversion["parity"]),
        }
        for (name, conversion), latency in zip(conversions.items(), timing["files"], strict=True)
    ]
