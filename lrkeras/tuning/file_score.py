"""The quality of a file, told by running it."""

from __future__ import annotations

import os
from typing import Any

import keras
import numpy as np

from lrkeras.export.parity.comparison_inputs import in_hops
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.runtime.step_runner import StepRunner
from lrkeras.export.steps.tensor_names import output_names
from lrkeras.export.tflite.file_header import FileHeader
from lrkeras.tuning.objective import Objective, evaluate
from lrkeras.tuning.tuning_data import TuningData

# Parts that examples are judged in, for the spread; and draws of them for an interval.
GROUPS, DRAWS = 64, 2000


class FileScore:
    """Judges files of one model on one set of examples.

    Args:
        model: The compiled model that the files are of, or a smaller one of the same outputs.
        data: The examples. All of them are run, each from states of zeros.
        objective: What is told.
    """

    def __init__(self, model: keras.Model, data: TuningData, objective: Objective):
        self._model, self._data, self._objective = model, data, objective
        self._masks = _masks(model, data)
        self._parts = np.array_split(np.arange(len(data)), min(GROUPS, len(data)))

    def of_file(self, path: str | os.PathLike) -> tuple[float, list[float]]:
        """The objective of a file, and that of each of some parts of the examples."""
        outputs = file_outputs(path, self._model, self._data)
        judge = _judge(self._model, outputs, self._masks)
        whole = self._value(judge, outputs, np.arange(len(self._data)))
        return whole, [self._value(judge, outputs, rows) for rows in self._parts]

    def sizes(self) -> list[int]:
        """Examples in each part."""
        return [len(rows) for rows in self._parts]

    def _value(self, judge: keras.Model, outputs: list[np.ndarray], rows: np.ndarray) -> float:
        masks = [mask for mask in self._masks if mask is not None]
        found = [array[rows] for array in [*outputs, *masks]]
        given = found if len(found) > 1 else found[0]
        scores = evaluate(judge, given, self._data.part(rows), batch_size=256)
        return float(scores[self._objective.key])


def interval(
    one: list[float], other: list[float], sizes: list[int], seed: int = 0
) -> tuple[float, float, float]:
    """How far one file's objective is above another's, and 95 % of what chance makes of it.

    Args:
        one: Of each part of the examples.
        other: That of the other file.
        sizes: Examples in each part.
        seed: Of the draws (bootstrap over the parts).

    Returns:
        `(difference, low, high)`.
    """
    difference, weights = np.subtract(one, other), np.asarray(sizes, float)
    rows = np.random.default_rng(seed).integers(0, len(sizes), (DRAWS, len(sizes)))
    drawn = (difference[rows] * weights[rows]).sum(1) / weights[rows].sum(1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float((difference * weights).sum() / weights.sum()), float(low), float(high)


def file_outputs(path: str | os.PathLike, model: keras.Model, data: TuningData) -> list[np.ndarray]:
    """What a file gives for each example, in the order and shapes of the model's outputs."""
    names = list(FileHeader(path).graphs)
    call = _of_sequence(path) if "sequence" in names else _of_steps(path, model)
    found: list[list[np.ndarray]] = [[] for _ in model.outputs]
    for row in range(len(data)):
        outputs = call({name: value[row : row + 1] for name, value in data.x.items()})
        for place, name in enumerate(_ordered(model, list(outputs))):
            found[place].append(outputs[name])
    return [np.concatenate(arrays) for arrays in found]


def _of_sequence(path: str | os.PathLike) -> Any:
    runner = SignatureRunner(open_interpreter(path, 1, True), "sequence", 0)
    return lambda feed: runner(feed, {})[0]


def _of_steps(path: str | os.PathLike, model: keras.Model) -> Any:
    runner = StepRunner(path)
    ranks = [len(tensor.shape) for tensor in model.outputs]
    hop: int = runner.metadata.get("hop", 0)
    # A step of these files takes as many of the samples of a signal.
    of_samples = {t.name for t in model.inputs if hop and len(t.shape) == 2 and t.shape[1] is None}

    def call(feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        runner.reset()
        given = runner.run({n: in_hops(v, hop) if n in of_samples else v for n, v in feed.items()})
        named = given if isinstance(given, dict) else {runner.output_names[0]: given}
        order = _ordered(model, list(named))
        # Of a model that gives its last step, the file gives every step.
        return {
            name: named[name] if rank == named[name].ndim else named[name][:, -1]
            for name, rank in zip(order, ranks, strict=True)
        }

    return call


def _ordered(model: keras.Model, names: list[str]) -> list[str]:
    """The outputs of a file in the order of the model's."""
    if len(names) == 1:
        return names
    wanted = output_names(model)
    return wanted if set(wanted) == set(names) else names


class _Masked(keras.layers.Layer):
    """Hands predictions on with the mask that the model's own would have."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: list[Any]) -> Any:
        return keras.ops.copy(inputs[0])

    def compute_mask(self, inputs: list[Any], previous_mask: Any = None) -> Any:
        return inputs[1]


def _judge(
    model: keras.Model, outputs: list[np.ndarray], masks: list[np.ndarray | None]
) -> keras.Model:
    """A model that takes predictions and has the loss and the metrics of another."""
    inputs = [keras.Input(array.shape[1:], dtype=array.dtype.name) for array in outputs]
    masked = [None if mask is None else keras.Input(mask.shape[1:], dtype="bool") for mask in masks]
    given = []
    for x, mask, name in zip(inputs, masked, output_names(model), strict=True):
        layer = keras.layers.Identity(name=name) if mask is None else _Masked(name=name)
        given.append(layer(x) if mask is None else layer([x, mask]))
    judge = keras.Model(
        [*inputs, *[mask for mask in masked if mask is not None]],
        given if len(given) > 1 else given[0],
    )
    judge.compile_from_config(model.get_compile_config())
    return judge


def _masks(model: keras.Model, data: TuningData) -> list[np.ndarray | None]:
    """The mask of each output, for losses that look at it."""
    first = data.part(slice(0, 2))
    outputs = keras.tree.flatten(model(first.inputs, training=False))
    if not any(getattr(output, "_keras_mask", None) is not None for output in outputs):
        return [None] * len(outputs)
    found: list[list[Any]] = [[] for _ in outputs]
    for begin in range(0, len(data), 256):
        part = data.part(slice(begin, begin + 256))
        for place, output in enumerate(keras.tree.flatten(model(part.inputs, training=False))):
            mask = getattr(output, "_keras_mask", None)
            found[place].append(None if mask is None else keras.ops.convert_to_numpy(mask))
    return [None if masks[0] is None else np.concatenate(masks) for masks in found]
