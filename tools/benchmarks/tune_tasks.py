"""Searches the best file for three trained models, and holds it against the usual ways.

    python tools/benchmarks/tune_tasks.py clinc150 --data DIR --out run_clinc150
    python tools/benchmarks/tune_tasks.py turbofan --data DIR --out run_turbofan
    python tools/benchmarks/tune_tasks.py ptb_characters --data DIR --out run_ptb_characters

DIR holds the folders `clinc150/`, `wild/` and `ptb/`. A task trains its model first, unless
`OUT.keras` is there, then calls `lrkeras.tune`; a run that was stopped goes on. `--results FOLDER`
copies the front and what became of the winner to `FOLDER/data/tune_TASK.json` and
`FOLDER/tune_TASK.png`.

Winner and rivals are chosen on validation data, and judged once on test data: the development part
of clinc150, engines or lines of text that nothing else sees.
"""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import shutil
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import lrkeras
from lrkeras.datasets.intents import read_clinc150
from lrkeras.datasets.words import load_ptb_characters
from lrkeras.system.json_file import write_json
from lrkeras.system.required_paths import require_paths

_WORDS = 24
_SENSORS, _WINDOW, _WARNING = 21, 50, 30
_CHARACTERS = 64


@dataclasses.dataclass
class TuneTask:
    """A trained model and what it is tuned on.

    Attributes:
        model: Compiled; trained by `fit_epochs` epochs at most.
        train, validation, test: `(x, y)`.
        objective: As in `tune`.
        budget: Of the file.
        fit_epochs: Of the training of the model itself.
        tune_epochs: Of each trial.
    """

    model: keras.Model
    train: tuple
    validation: tuple
    test: tuple
    objective: str
    budget: str
    fit_epochs: int
    tune_epochs: int


def clinc150(data: pathlib.Path) -> TuneTask:
    """150 intents of sentences: a bidirectional LSTM over words."""
    parts = read_clinc150(data)
    rng = np.random.default_rng(0)
    sentences = [parts["train"][n] for n in rng.permutation(len(parts["train"]))]
    counts = collections.Counter(w for text, _ in sentences[3000:] for w in text.split())
    ids = {word: number for number, (word, _) in enumerate(counts.most_common(4998), start=2)}
    intents = sorted({intent for _, intent in sentences})

    def arrays(rows):
        x = np.zeros((len(rows), _WORDS), "int32")
        for row, (text, _) in zip(x, rows, strict=True):
            found = [ids.get(word, 1) for word in text.split()][:_WORDS]
            row[: len(found)] = found
        return x, np.array([intents.index(intent) for _, intent in rows], "int32")

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((_WORDS,), dtype="int32"),
            layers.Embedding(len(ids) + 2, 96, mask_zero=True),
            layers.Dropout(0.3),
            layers.Bidirectional(layers.LSTM(96)),
            layers.Dropout(0.3),
            layers.Dense(len(intents), activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    parts = arrays(sentences[3000:]), arrays(sentences[:3000]), arrays(parts["val"])
    return TuneTask(model, *parts, "val_accuracy", "120 KB", fit_epochs=25, tune_epochs=8)


def turbofan(data: pathlib.Path) -> TuneTask:
    """Whether an engine fails within 30 cycles: a public model, on made engines."""
    model = lrkeras.load_model(data / "wild" / "turbofan.h5")
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    fleet = Fleet(rng)
    parts = [fleet.windows(count, rng) for count in (160, 60, 60)]
    return TuneTask(model, *parts, "val_loss", "60 KB", fit_epochs=12, tune_epochs=6)


class Fleet:
    """Engines that wear until they fail, as the sensors of C-MAPSS show it.

    Each sensor has an offset, an answer to three settings of the flight, a slope in the wear, and
    noise; some are constant. Wear grows exponentially to a threshold that the engine fails at
    (Saxena et al. 2008, Damage propagation modeling for aircraft engine run-to-failure simulation).
    """

    def __init__(self, rng: np.random.Generator):
        self._settings = rng.normal(0, 0.5, (3, _SENSORS))
        self._slopes = rng.normal(0, 1, _SENSORS) * (rng.random(_SENSORS) > 0.3)
        self._noise = rng.uniform(0.3, 0.9, _SENSORS)

    def windows(self, engines: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Windows `(N, 50, 25)` of engines, every third cycle, and `(N, 1)`: 1 before a failure."""
        x, y = [], []
        for _ in range(engines):
            life = int(rng.integers(130, 330))
            cycle = np.arange(life)
            start, rate = rng.uniform(0, 0.2), rng.uniform(0.015, 0.04)
            wear = start + (1 - start) * np.exp(rate * (cycle - life))
            settings = rng.normal(0, 1, (life, 3))
            noise = rng.normal(0, self._noise, (life, _SENSORS))
            sensors = settings @ self._settings + np.outer(wear, self._slopes) + noise
            features = np.concatenate([settings, cycle[:, None] / 165 - 1, sensors], axis=1)
            features = 0.5 + features / 6
            for end in range(_WINDOW, life + 1, 3):
                x.append(features[end - _WINDOW : end])
                y.append(life - end < _WARNING)
        return np.array(x, "float32"), np.array(y, "float32")[:, None]


def ptb_characters(data: pathlib.Path) -> TuneTask:
    """The next character of the Penn Treebank's text."""
    train, valid, test, characters = load_ptb_characters(data / "ptb")

    def windows(ids, count):
        count = min(count, (len(ids) - 1) // _CHARACTERS)
        starts = np.arange(count) * _CHARACTERS
        rows = starts[:, None] + np.arange(_CHARACTERS)
        return ids[rows].astype("int32"), ids[rows + 1].astype("int32")

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((_CHARACTERS,), dtype="int32"),
            layers.Embedding(len(characters), 32),
            layers.LSTM(192, return_sequences=True),
            layers.Dense(len(characters), activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    parts = windows(train, 8000), windows(valid, 600), windows(test, 600)
    return TuneTask(model, *parts, "val_loss", "60 KB", fit_epochs=12, tune_epochs=3)


TASKS = {task.__name__: task for task in (clinc150, turbofan, ptb_characters)}


def trained(task: TuneTask, path: pathlib.Path) -> keras.Model:
    """The model of a task after its training, from a file where there is one."""
    if path.exists():
        return keras.saving.load_model(path)
    stop = keras.callbacks.EarlyStopping(
        task.objective, mode="auto", patience=3, restore_best_weights=True
    )
    slower = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.4, patience=1)
    task.model.fit(
        *task.train,
        validation_data=task.validation,
        batch_size=64,
        epochs=task.fit_epochs,
        callbacks=[stop, slower],
        verbose=2,
    )
    # What a user's file says is the rate of its training, not the last one of a schedule.
    task.model.optimizer.learning_rate = 1e-3
    task.model.save(path)
    return task.model


def shortened(report: dict, name: str) -> dict:
    """What is kept of a report: no values of parts, no paths; and how long the trials took.

    A search that went on has trials of the runs before: their time counts as well.
    """
    trials = [
        {k: v for k, v in trial.items() if k not in ("parts", "part_sizes", "asked", "commands")}
        for trial in report["trials"]
    ]
    command = f"python tools/benchmarks/tune_tasks.py {name} --data DIR --out OUT"
    minutes = sum(trial.get("seconds", 0) for trial in trials) / 60
    return {**report, "trials": trials, "command": command, "minutes_of_trials": round(minutes, 1)}


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--workers", type=int)
    options = parser.parse_args(arguments)
    require_paths(reads=[options.data], writes=[options.out.with_suffix(".keras")])
    keras.utils.set_random_seed(0)
    task = TASKS[options.task](options.data)
    model = trained(task, options.out.with_suffix(".keras"))
    begun = time.monotonic()
    report = lrkeras.tune(
        model,
        task.train,
        validation=task.validation,
        test=task.test,
        objective=task.objective,
        budgets=task.budget,
        trials=options.trials,
        epochs=task.tune_epochs,
        batch_size=64,
        out=options.out,
        workers=options.workers,
    )
    minutes = (time.monotonic() - begun) / 60
    print(report.to_markdown())
    print(f"{minutes:.1f} minutes of search")
    if options.results:
        kept = shortened(json.loads(report.to_json()), options.task)
        write_json(options.results / "data" / f"tune_{options.task}.json", kept)
        shutil.copy(options.out / "front.png", options.results / f"tune_{options.task}.png")


if __name__ == "__main__":
    main()
