"""Finding the best file within a budget, by trying."""

from __future__ import annotations

import hashlib
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from lrkeras.compression.distill import check_outputs
from lrkeras.export.steps.tensor_names import output_names
from lrkeras.saving import check_finite
from lrkeras.system.atomic_write import write_text, written_whole
from lrkeras.system.machine import describe_machine
from lrkeras.system.optional_imports import require
from lrkeras.system.versions import package_versions
from lrkeras.tuning import search_folder
from lrkeras.tuning.file_budget import FileBudget
from lrkeras.tuning.file_score import FileScore, interval
from lrkeras.tuning.fine_tuning import base_learning_rate
from lrkeras.tuning.objective import Objective
from lrkeras.tuning.progress_table import ProgressTable
from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.search import Search
from lrkeras.tuning.trial import Task, model_bytes, read_model
from lrkeras.tuning.trial_records import TrialRecords
from lrkeras.tuning.tune_report import TuneReport, judged
from lrkeras.tuning.tuning_data import TuningData

_LAST_ROUNDS = 50


def tune(
    model: keras.Model,
    train: Any,
    *,
    validation: Any,
    test: Any = None,
    objective: str = "val_loss",
    mode: str = "auto",
    budgets: Sequence[str] | str = ("1 MB",),
    candidates: str = "auto",
    trials: int = 32,
    epochs: int = 3,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    distill: bool = True,
    outputs: str | None = None,
    form: str = "auto",
    steps: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    out: str | os.PathLike = "run",
    address: str | None = None,
    workers: int | None = None,
    seed: int = 0,
    verbose: bool = True,
) -> TuneReport:
    """Finds the best `.tflite` files of a trained model within budgets, by making and judging many.

    Each trial makes a small model of the one that is given, trains it on the data and, as a
    teacher, on the model (`distill`), converts it, and runs the file over the validation data. The
    first trials are the rivals of every search: the model itself in int8 and int4, small dense
    models from random weights, fewer units, `compress(..., "auto")` and an even low-rank cut, the
    latter four made for each budget. Then Optuna proposes, from what it has seen: which matrices
    become what, fewer units, bits, gate layout, learning rate. All are trained for as long; those
    behind half of the earlier ones after a third of the epochs are stopped, as ASHA does. Ray runs
    the trials, one on each core; files are timed when nothing else runs.

    A search that was stopped goes on when it is called again with the same arguments: no trial
    that is over is run twice. The folder has `report.md`, `report.json`, `front.png`, for each
    budget `best.tflite` and `best.keras` (or `best_1_MB.tflite`, ... of several), what became of
    each trial in `trials/`, and logs for TensorBoard in `ray/`.

    Args:
        model: A trained and compiled Sequential or Functional model; not changed.
        train: `(x, y)`, `(x, y, sample_weight)`, or batches of these: a `tf.data.Dataset`, a
            `keras.utils.PyDataset` or another iterable, which is read into memory once.
        validation: The same; epochs, and winners, are chosen on it.
        test: The same, or None: winners and the best rivals are judged on it, once.
        objective: `"val_loss"`, or `val_` and the name of a metric that the model is compiled with.
        mode: `"min"`, `"max"`, or `"auto"`, by the objective's name.
        budgets: Sizes of the file and times of a call of its first signature (a step, or a whole
            sequence), such as `"1 MB"` and `"100 us"`. Every size goes with every time: two
            sizes and a time are two budgets.
        candidates: `"auto"`; `"rivals"` tries these alone.
        trials: How many, rivals among them.
        epochs: Of each training.
        learning_rate: To start from; None takes that of the model's optimizer.
        batch_size: Examples in a batch; None takes that of the data set, or 32.
        distill: Whether the model teaches.
        outputs: What its outputs are, as in `lrkeras.distill`, where model and loss do not tell.
        form: Of the files, as in `convert`.
        steps: Length of the form `"sequence"`, where the model's is open.
        metadata: For the files, as in `convert`, such as `{"vocabulary": [...]}`.
        out: The folder.
        address: `host:port` of a Ray cluster, or `"auto"`; None uses this machine.
        workers: Trials at once on this machine; None for one on each core.
        seed: The same seed makes the same proposals, whatever the number of workers.
        verbose: Whether to show a table of the trials while they run.

    Returns:
        The report.

    Raises:
        ValueError: If model, data, objective or a budget do not fit, it cannot be known what the
            model would teach, `trials` is less than the rivals take, or the folder holds a search
            with other arguments.
        BlockingIOError: If another search works in the folder.
        ConnectionError: If the cluster does not answer.
        ImportError: If Ray or Optuna is missing.

    Example:
    >>> tune(model, (x, y), validation=(xv, yv), budgets=("1 MB", "100 us"))  # doctest: +SKIP
    """
    limits = FileBudget.read(budgets)
    goal = Objective.of(model, objective, mode)
    if candidates not in ("auto", "rivals"):
        raise ValueError(f'Expected candidates "auto" or "rivals", received {candidates!r}.')
    if epochs < 1:
        raise ValueError(f"Expected at least one epoch, received epochs={epochs}.")
    check_finite(model)
    content, classes = model_bytes(model), _classes()
    model = read_model(content, classes)  # as the workers read it, with the names that it has there
    data = TuningData.of(model, train, "train")
    held_out = TuningData.of(model, validation, "validation")
    tested = None if test is None else TuningData.of(model, test, "test")
    for part in filter(None, (data, held_out, tested)):
        goal.check(model, part)
    if distill:
        check_outputs(model, outputs)
    require("ray", "tune")
    require("optuna", "tune")
    rate = base_learning_rate(model) if learning_rate is None else learning_rate
    training = {"learning_rate": rate, "epochs": epochs, "distill": distill}
    task = Task(
        content,
        data,
        held_out,
        goal,
        batch_size=batch_size or data.batch or 32,
        form=form,
        steps=steps,
        seed=seed,
        classes=classes,
        test=tested,
        metadata=None if metadata is None else dict(metadata),
        outputs=outputs,
    )
    folder = pathlib.Path(out)
    records = TrialRecords(folder)
    settings = {
        "objective": objective,
        "mode": mode,
        "budgets": [str(limit) for limit in limits],
        "candidates": candidates,
        "batch_size": task.batch_size,
        "form": form,
        "steps": steps,
        "seed": seed,
        **training,
        "weights": _digest([np.asarray(w) for w in model.get_weights()]),
        "train": _digest(_arrays(data)),
        "validation": _digest(_arrays(held_out)),
        "metadata": task.metadata,
        "outputs": outputs,
    }
    search_folder.check(folder, settings)
    table = ProgressTable(trials, objective, verbose)
    search = Search(task, records, limits, trials, training, table)
    count = search.rivals if candidates == "rivals" else trials
    # Knows Ray, which only a search needs.
    from lrkeras.tuning.ray_workers import Workers, cluster

    claimed = search_folder.claimed(folder, settings, task, output_names(model))
    with cluster(address, workers), claimed:
        crew = Workers(task, records, folder)
        with table.shown():
            search.run(crew, count)
        known = [_known(records, number, task) for number in range(count)]
        _time_again(known, records, crew)
        report = _report(known, limits, task, settings, folder, records)
        _write(report, folder)
    return report


def _report(
    known: list[dict],
    limits: list[FileBudget],
    task: Task,
    settings: dict[str, Any],
    folder: pathlib.Path,
    records: TrialRecords,
) -> TuneReport:
    goal = task.objective
    budgets, front = judged(known, limits, goal.more_is_better)
    for found in budgets:
        if found["winner"] is None:
            continue
        stem = "best" if len(budgets) == 1 else f"best_{_file_name(found['budget'])}"
        for suffix in ("tflite", "keras"):
            content = records.file(found["winner"], f"model.{suffix}")
            with written_whole(folder / f"{stem}.{suffix}") as draft:
                draft.write_bytes(content)
        found["file"], found["keras"] = f"{stem}.tflite", f"{stem}.keras"
        if task.test is not None:
            found["test"] = _tested(found, known, task, records)
    return TuneReport(
        goal.name,
        goal.more_is_better,
        budgets,
        front,
        known,
        {
            **settings,
            "commands": "in an empty folder, with copies of the files of this one",
        },
        describe_machine(),
        package_versions(),
    )


def _tested(found: dict, known: list[dict], task: Task, records: TrialRecords) -> dict[str, Any]:
    """What winner and rivals do on the test data, which nothing was chosen on."""
    if task.test is None:
        raise AssertionError("there are test data")
    score = FileScore(task.load(), task.test, task.objective)

    def judge(number: int) -> list[float]:
        known[number]["test"], parts = score.of_file(records.folder(number) / "model.tflite")
        return parts

    of_winner, rivals = judge(found["winner"]), []
    for rival in found["rivals"]:
        difference, low, high = interval(judge(rival["trial"]), of_winner, score.sizes())
        rivals.append({"trial": rival["trial"], "difference": difference, "low": low, "high": high})
    return {"quality": known[found["winner"]]["test"], "rivals": rivals}


def _known(records: TrialRecords, number: int, task: Task) -> dict[str, Any]:
    start, result = records.start(number) or {}, records.result(number) or {}
    recipe = Recipe.of(start["recipe"])
    options = f" --objective {task.objective.name} --batch-size {task.batch_size}"
    options += f" --outputs {task.outputs}" if task.outputs else ""
    files = (search_folder.MODEL, search_folder.DATA, search_folder.calibration_name(task))
    conversion = "" if task.form == "auto" else f" --form {task.form}"
    conversion += f" --steps {task.steps}" if task.steps else ""
    conversion += f" --metadata {search_folder.METADATA}" if task.metadata else ""
    commands = recipe.commands(*files, options, task.seed, conversion)
    return {**start, **result, "commands": commands}


def _time_again(known: list[dict], records: TrialRecords, crew: Any) -> None:
    """Times all finished files once more, side by side."""
    done = [trial for trial in known if trial["state"] == "done"]
    if not done:
        return
    files = [records.file(trial["number"], "model.tflite") for trial in done]
    reference = records.file(0, "start.tflite")
    first, *times = crew.times([reference, *files], _LAST_ROUNDS)
    for trial, us in zip(done, times, strict=True):
        trial["us"], trial["ratio"] = us, us / first


def _write(report: TuneReport, folder: pathlib.Path) -> None:
    report.plot(folder / "front.png")
    for name, text in (("report.md", report.to_markdown()), ("report.json", report.to_json())):
        write_text(folder / name, text)


def _arrays(data: TuningData) -> list[np.ndarray]:
    weights = [] if data.weights is None else [data.weights]
    return [*data.x.values(), *keras.tree.flatten(data.y), *weights]


def _digest(arrays: list[np.ndarray]) -> str:
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def _classes() -> dict[str, Any]:
    """Classes that the caller registered with Keras, which workers do not know."""
    known = keras.saving.get_custom_objects()
    # A worker has Keras and what it imports of this package: not the tasks.
    return {name: value for name, value in known.items() if not _comes_along(value)}


def _comes_along(thing: Any) -> bool:
    module = getattr(thing, "__module__", "") or ""
    package = module.partition(".")[0]
    return package == "keras" or (package == "lrkeras" and not module.startswith("lrkeras.tasks."))


def _file_name(text: str) -> str:
    return "_".join(text.replace(",", " ").split())
