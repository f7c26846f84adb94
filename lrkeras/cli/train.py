"""`lrkeras train TASK --preset NAME --out DIR`, or `TASK/NAME`."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
import pathlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from lrkeras.system.name_patterns import did_you_mean

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lrkeras.tuning import TuneReport

# Those of `lrkeras.tasks`, which imports Keras.
TASKS = ("word_prediction", "speech_commands", "papers")
# What a task scores its models by: the heading of the column, and the form of the number.
SCORES = {
    "valid_perplexity": ("valid perplexity", "{:.2f}"),
    "valid_accuracy": ("valid accuracy", "{:.1%}"),
    "valid_word_error_rate": ("valid word errors", "{:.1%}"),
    "valid_bleu": ("valid BLEU", "{:.1f}"),
}
# Names in an error, which is a line or two.
_LISTED = 12
HELP = "train the models of a task; a stopped run goes on when started again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument(
        "task", help=f"one of: {', '.join(TASKS)}; or a task and a preset, such as papers/ptb_small"
    )
    parser.add_argument("--preset", help="a named set of settings (default: tiny)")
    parser.add_argument("--list", action="store_true", help="print the names of the presets alone")
    parser.add_argument("--out", help="folder for the models and their histories")
    parser.add_argument(
        "--data",
        help="folder of a corpus that does not come with the package; for word_prediction also a "
        "text file, a sentence or message a line, which becomes a model and its file for a phone",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="train these of the preset's models alone; a teacher must be trained before the rest",
    )
    parser.add_argument("--seed", type=int, help="replaces the seed of the preset")
    parser.add_argument(
        "--start", help="folder of a finished run, for presets that start from its model"
    )
    parser.add_argument(
        "--tune",
        action="append",
        metavar="SIZE",
        help="then search the best files of the first model for this size or time, as "
        "`lrkeras tune` does, in OUT/tune; repeatable",
    )
    parser.add_argument("--tune-trials", type=int, default=24, help="of that search (default: 24)")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Trains, and returns the task's report."""
    name, _, row = options.task.partition("/")
    nearest("task", name, TASKS)
    preset = _preset(options.preset, row, _is_text(name, options.data))
    if options.out is None and not options.list:
        raise ValueError("Expected a folder for the models; received none. Pass --out DIR.")

    import lrkeras.tasks

    task = lrkeras.tasks.TASKS[name]
    if options.list:
        names = list(task.PRESETS)
        return {"task": name, "presets": names}, "\n".join(names)
    config = task.PRESETS[nearest("preset", preset, task.PRESETS)]
    if options.seed is not None:
        config = dataclasses.replace(config, seed=options.seed)
    if options.models:
        known = getattr(config, "models", ())
        models = tuple(nearest("model", model, known) for model in options.models)
        config = dataclasses.replace(config, models=models)
    further = {"verbose": 0 if options.json else 1}
    if options.start is not None:
        if "start" not in inspect.signature(task.train).parameters:
            raise ValueError(f"--start: no preset of {name!r} starts from a finished run.")
        further["start"] = options.start
    if options.tune:
        _check_tune(name, task, options)
    report = task.train(config, options.out, data=options.data, **further)
    report["out"] = options.out
    if not options.tune:
        return report, render(report)
    found = _tuned(task, config, options)
    report["tune"] = json.loads(found.to_json())

    from rich.console import Group

    return report, Group(render(report), found.render())


def _check_tune(name: str, task: Any, options: argparse.Namespace) -> None:
    """Before a training of hours."""
    from lrkeras.system.optional_imports import require
    from lrkeras.tuning.file_budget import FileBudget

    if not hasattr(task, "tunable"):
        raise ValueError(
            f"--tune: not of the task {name!r}. Use `lrkeras tune` with one of its models."
        )
    FileBudget.read(options.tune)
    require("ray", "tune")
    require("optuna", "tune")


def _tuned(task: Any, config: Any, options: argparse.Namespace) -> TuneReport:
    from lrkeras.tuning import tune

    given = task.tunable(config, options.out, options.data)
    return tune(
        given.model,
        given.train,
        validation=given.validation,
        budgets=options.tune,
        trials=options.tune_trials,
        batch_size=config.batch_size,
        metadata=given.metadata,
        outputs=given.outputs,
        out=pathlib.Path(options.out) / "tune",
        seed=config.seed,
        verbose=not options.json,
    )


def _is_text(task: str, data: str | None) -> bool:
    return task == "word_prediction" and data is not None and pathlib.Path(data).is_file()


def _preset(option: str | None, row: str, is_text: bool) -> str:
    """The preset of `--preset` or of `TASK/PRESET`."""
    if option and row and option != row:
        raise ValueError(f"Expected one preset; received {row!r} and --preset {option!r}.")
    return option or row or ("text" if is_text else "tiny")


def nearest(kind: str, name: str, known: Collection[str]) -> str:
    """Returns the name when it is known.

    Raises:
        ValueError: it is not; the message names the nearest one.
    """
    if name in known:  # a collection may know more names than it lists
        return name
    known = list(known)
    listed = ", ".join(known[:_LISTED])
    if len(known) > _LISTED:
        listed += f" and {len(known) - _LISTED} more; --list prints all"
    raise ValueError(f"Unknown {kind} {name!r}.{did_you_mean(name, known)} Known: {listed}.")


def render(report: dict) -> RenderableType:
    """Returns a table of one row a model."""
    from rich.console import Group
    from rich.table import Table

    models = report["models"]
    score = next(key for key in SCORES if key in next(iter(models.values())))
    heading, form = SCORES[score]
    table = Table(title=report["task"])
    table.add_column("model")
    for column in ("parameters", heading, "sparsity"):
        table.add_column(column, justify="right")
    for name, model in models.items():
        sparsity = model["final_sparsity"]
        table.add_row(
            name,
            f"{model['parameters']:,}",
            form.format(model[score]),
            "" if sparsity is None else f"{sparsity:.1%}",
        )
    return Group(
        table, *_phone_files(report), f"{_validation(report)} Models and histories: {report['out']}"
    )


def _phone_files(report: dict) -> list[str]:
    """What a text became, beside the trivial way."""
    found = [
        f"{row['phone_file']}: {row['file_bytes']:,} bytes, perplexity "
        f"{row['file_perplexity']:.1f} on the first validation words, where the model has "
        f"{row['keras_perplexity']:.1f}."
        for row in report["models"].values()
        if "phone_file" in row
    ]
    if found:
        found.append(f"Frequencies of words alone: perplexity {report['unigram_perplexity']:.1f}.")
    return found


def _validation(report: dict) -> str:
    """What the models were scored on."""
    if "valid_clips" in report:
        return f"{report['valid_clips']:,} validation clips of speakers that were not trained on."
    if "valid_utterances" in report:
        count = report["valid_utterances"]
        return f"{count:,} validation utterances of speakers that were not trained on."
    if "valid_sentences" in report:
        return f"{report['valid_sentences']:,} validation sentences that were not trained on."
    return (
        f"{report['valid_tokens']:,} validation tokens, {report['valid_oov_rate']:.2%} of them out "
        "of the vocabulary."
    )
