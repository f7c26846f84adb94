"""Learning a task on top of what is frozen, and measuring it."""

from __future__ import annotations

import dataclasses
import pathlib
import time

import keras
import numpy as np

from lrkeras.datasets import Vocabulary
from lrkeras.tasks.papers.elmo.downstream.corpora import Parts
from lrkeras.tasks.papers.elmo.downstream.example_batches import ExampleBatches
from lrkeras.tasks.papers.elmo.downstream.frozen_texts import FrozenTexts, texts_of
from lrkeras.tasks.papers.elmo.downstream.task import Task
from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.training.run_folder import save_model, write_json


@dataclasses.dataclass(frozen=True)
class Learnable:
    """A task with its examples.

    Attributes:
        task: the task.
        parts: its examples to train on, to validate and to test.
        vocabulary: of its table of words.
    """

    task: Task
    parts: Parts
    vocabulary: Vocabulary

    @classmethod
    def load(cls, task: Task, config: ElmoConfig, data: str | pathlib.Path | None) -> Learnable:
        """Loads a task.

        Raises:
            ValueError: no folder is given.
            FileNotFoundError: the folder does not hold the corpus.
        """
        if data is None:
            raise ValueError(
                f"The corpus of {task.name!r} does not come with the package; received no folder. "
                "Pass the folder into which the corpora were unpacked as `data` (--data on the "
                "command line)."
            )
        train, valid, test = (part[: config.max_examples] for part in task.load(data))
        return cls(task, (train, valid, test), task.vocabulary(train))

    def frozen(self, model: keras.Model, config: ElmoConfig, *, is_learnt: bool) -> FrozenTexts:
        """What the language model makes of the texts: of all, or of those that measure."""
        parts = self.parts[0 if is_learnt else 1 :]
        return FrozenTexts(model, config.characters, texts_of(*parts))


class _ValidScore(keras.callbacks.Callback):
    """Adds `val_score` to the logs of an epoch."""

    def __init__(self, learnable: Learnable, frozen: FrozenTexts | None) -> None:
        super().__init__()
        self._learnable, self._frozen = learnable, frozen

    def on_epoch_end(self, epoch, logs=None) -> None:
        found = measured(self.model, self._learnable, self._frozen, 1)
        if logs is not None:
            logs["val_score"] = found["score"]


def learn(
    learnable: Learnable,
    config: ElmoConfig,
    frozen: FrozenTexts | None,
    seed: int,
    file: pathlib.Path,
) -> None:
    """Learns a task and saves its model, of the epoch that validated best.

    What was stopped begins anew, to the same end: it takes minutes.

    Args:
        learnable: the task.
        config: the run.
        frozen: what the language model makes of all its texts, or None without one.
        seed: of the weights, the dropout and the order.
        file: gets the model; its history goes beside it.
    """
    task = learnable.task
    keras.utils.set_random_seed(seed)
    model = _built(learnable, config, frozen)
    model.compile(
        keras.optimizers.Adam(config.task_rate, global_clipnorm=config.clip_norm),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    batches = ExampleBatches(
        learnable.parts[0], learnable.vocabulary, frozen, batch_size=task.batch_size, seed=seed
    )
    best = keras.callbacks.EarlyStopping(
        "val_score", mode="max", patience=config.task_epochs, restore_best_weights=True
    )
    order = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(batches, "epoch", epoch)
    )
    begin = time.perf_counter(), time.process_time()
    history = model.fit(
        batches,
        epochs=config.task_epochs,
        callbacks=[order, _ValidScore(learnable, frozen), best],
        shuffle=False,
        verbose=0,
    ).history
    spent = {
        "seconds": time.perf_counter() - begin[0],
        "processor_seconds": time.process_time() - begin[1],
    }
    write_json(file.with_suffix(".json"), {**history, **spent})
    # A model of its own, so that no optimiser is saved with it.
    plain = _built(learnable, config, frozen)
    plain.set_weights(model.get_weights())
    save_model(plain, file)


def _built(learnable: Learnable, config: ElmoConfig, frozen: FrozenTexts | None) -> keras.Model:
    task, shape = learnable.task, None if frozen is None else frozen.shape
    return task.build(config, len(learnable.vocabulary), shape, task.classes)


def measured(
    model: keras.Model, learnable: Learnable, frozen: FrozenTexts | None, part: int
) -> dict:
    """How well a task is done.

    Args:
        model: of the task.
        learnable: the task.
        frozen: what the language model makes of the texts of the part, or None without one.
        part: 1 for validation, 2 for the test.

    Returns:
        `score`, the mean; `by_example`, in the order of the part; of spans `exact`, too.
    """
    examples = learnable.parts[part]
    batches = ExampleBatches(examples, learnable.vocabulary, frozen, batch_size=32)
    found: list[np.ndarray] = []
    exact: list[np.ndarray] = []
    for index, places in enumerate(batches.places()):
        logits = np.asarray(model.predict_on_batch(batches[index][0]))
        some = [examples[place] for place in places]
        found.append(learnable.task.scores(logits, some))
        if learnable.task.classes is None:
            exact.append(learnable.task.exact(logits, some))
    scores = np.concatenate(found)
    result = {"score": float(scores.mean()), "by_example": [round(float(s), 4) for s in scores]}
    if exact:
        result["exact"] = float(np.concatenate(exact).mean())
    return result


def facts_of(learnable: Learnable) -> dict:
    """What a result says of the corpus of a task."""
    train, valid, test = learnable.parts
    return {
        "measure": learnable.task.measure,
        "examples": [len(train), len(valid), len(test)],
        "words": len(learnable.vocabulary),
        "trivial_valid": learnable.task.trivial(train, valid),
        "trivial_test": learnable.task.trivial(train, test),
    }
