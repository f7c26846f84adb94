"""Training a small model on data and on what the large one says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lrkeras.compression import distill, quantize_aware
from lrkeras.tuning.objective import Objective
from lrkeras.tuning.small_models import fresh_copy
from lrkeras.tuning.tuning_data import TuningData

# Share of the epochs, at the end, in which four-bit weights are trained, and their learning rate.
_ROUNDED_SHARE, _ROUNDED_RATE = 1 / 3, 0.1


class DivergedError(ValueError):
    """A training gave numbers that are not finite."""


class FineTuning:
    """A training, one epoch at a time, that keeps the best epoch's weights.

    Args:
        model: The model to train, in place.
        data: Examples to train on.
        validation: Examples to choose the epoch on.
        objective: What is best.
        teacher: Another model with the same outputs, or None to train on the targets alone.
        epochs: How many there will be.
        learning_rate: Of the optimizer that the model is compiled with.
        batch_size: Examples in a batch.
        seed: Of the order of the examples, and of all else drawn at random.
        bits: 4 to train with rounded weights in the last third of the epochs, at a tenth of the
            rate; None to train in float.
        fresh: Whether to start from random weights.
        outputs: What the outputs are, as in `distill`; None finds out.

    Attributes:
        history: The objective after each epoch.
    """

    def __init__(
        self,
        model: keras.Model,
        data: TuningData,
        validation: TuningData,
        objective: Objective,
        *,
        teacher: keras.Model | None = None,
        epochs: int,
        learning_rate: float,
        batch_size: int = 32,
        seed: int = 0,
        bits: int | None = None,
        fresh: bool = False,
        outputs: str | None = None,
    ):
        keras.utils.set_random_seed(seed)
        self._data, self._validation, self._objective = data, validation, objective
        self._teacher, self._rate, self._batch = teacher, learning_rate, batch_size
        self._outputs = outputs
        self._bits, self._epochs, self._rng = bits, epochs, np.random.default_rng(seed)
        self.history: list[float] = []
        self._float = self._student = fresh_copy(model, seed) if fresh else model
        self._best: tuple[float, list[np.ndarray]] | None = None
        self._begin(self._student, learning_rate)

    def epoch(self) -> float:
        """Trains an epoch; returns the objective on the validation data after it.

        Raises:
            DivergedError: If that is no finite number.
        """
        left = self._epochs - len(self.history)
        if self._bits and not self._is_rounded and left <= max(1, self._epochs * _ROUNDED_SHARE):
            self._begin(self._rounded(), self._rate * _ROUNDED_RATE)
        order = self._data.part(self._rng.permutation(len(self._data)))
        weights = {} if order.weights is None else {"sample_weight": order.weights}
        self._trained.fit(
            order.inputs, order.y, batch_size=self._batch, shuffle=False, verbose=0, **weights
        )
        value = self._objective.of_model(self._student, self._validation)
        if not np.isfinite(value):
            raise DivergedError(f"the training diverged: {self._objective.name} became {value}")
        self.history.append(value)
        if self._best is None or self._objective.is_better(value, self._best[0]):
            self._best = (value, self._student.get_weights())
        return value

    def model(self) -> keras.Model:
        """The model with the weights of its best epoch."""
        if self._bits and not self._is_rounded:
            self._begin(self._rounded(), self._rate * _ROUNDED_RATE)
        if self._best is not None:
            self._student.set_weights(self._best[1])
        return self._student

    @property
    def _is_rounded(self) -> bool:
        return self._student is not self._float

    def _rounded(self) -> keras.Model:
        if self._best is not None:
            self._student.set_weights(self._best[1])
        return quantize_aware(self._student, self._bits or 4)

    def _begin(self, student: keras.Model, rate: float) -> None:
        self._student, self._best = student, None
        optimizer = optimizer_like(student, rate)
        if self._teacher is None:
            self._trained = student
            student.compile_from_config(student.get_compile_config())
            student.optimizer = optimizer
            optimizer.build(student.trainable_variables)
        else:
            self._trained = distill(
                self._teacher, student, optimizer=optimizer, outputs=self._outputs
            )


def fine_tune(
    model: keras.Model,
    train: Any,
    *,
    validation: Any,
    teacher: keras.Model | None = None,
    objective: str = "val_loss",
    epochs: int = 3,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    bits: int | None = None,
    fresh: bool = False,
    outputs: str | None = None,
    seed: int = 0,
    on_epoch: Callable[[int, float], None] | None = None,
) -> keras.Model:
    """Trains a model as the trials of `tune` are trained, and returns its best epoch.

    Args:
        model: A compiled model; it is trained in place where it starts from its own weights.
        train: `(x, y)`, `(x, y, sample_weight)` or batches of these.
        validation: The same; the epoch is chosen on it.
        teacher: A trained model with the same inputs and outputs, to learn from as well.
        objective: `"val_loss"`, or `val_` and the name of a metric that the model is compiled with.
        epochs: Passes over `train`.
        learning_rate: Of the optimizer that the model is compiled with; None takes its own.
        batch_size: Examples in a batch; None takes that of the data set, or 32.
        bits: 4 to train with rounded weights in the last third, as `quantize_aware` does.
        fresh: Whether to start from random weights.
        outputs: What the outputs are, as in `distill`, where a teacher cannot tell.
        seed: The same seed gives the same model on the same machine.
        on_epoch: Called with the number of each epoch and its objective.

    Returns:
        The trained model, compiled like the model.

    Raises:
        ValueError: If the model is not compiled, data or objective do not fit it, or training
            gives numbers that are not finite.
    """
    goal = Objective.of(model, objective)
    data = TuningData.of(model, train, "train")
    held_out = TuningData.of(model, validation, "validation")
    goal.check(model, held_out)
    rate = base_learning_rate(model) if learning_rate is None else learning_rate
    training = FineTuning(
        model,
        data,
        held_out,
        goal,
        teacher=teacher,
        epochs=epochs,
        learning_rate=rate,
        batch_size=batch_size or data.batch or 32,
        seed=seed,
        bits=bits,
        fresh=fresh,
        outputs=outputs,
    )
    for number in range(epochs):
        value = training.epoch()
        if on_epoch is not None:
            on_epoch(number, value)
    return training.model()


def optimizer_like(model: keras.Model, learning_rate: float) -> keras.optimizers.Optimizer:
    """A new optimizer of the kind that a model is compiled with, at another rate."""
    config = model.optimizer.get_config()
    config["learning_rate"] = learning_rate
    return type(model.optimizer).from_config(config)


def base_learning_rate(model: keras.Model) -> float:
    """The learning rate that a model is compiled with; 0.001 where that is a schedule."""
    rate = model.optimizer.get_config().get("learning_rate", 1e-3)
    # What float32 made of it is no number for people.
    return float(f"{rate:.6g}") if isinstance(rate, (int, float)) else 1e-3
