"""What Keras gives over sequences."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lrkeras.export.parity.comparison_inputs import of_length
from lrkeras.export.parity.file_runs import Values, steps_of
from lrkeras.export.steps.step_model import StepModel
from lrkeras.model_graph.layer_states import reset_states, states_kept
from lrkeras.system.optional_imports import require

# Calls of a model with a fixed batch, and time steps of one call, that are not worth compiling it.
_FEW, _SHORT = 16, 48


def run_model(model: keras.Model, step: StepModel, inputs: dict[str, np.ndarray]) -> Values:
    """Outputs of the user's model, over as many steps as it was built for.

    Args:
        model: The user's model.
        step: The step model made of it, whose names the outputs get.
        inputs: By name, (sequences, time, ...).
    """
    model = keras.Model(model.inputs, model.outputs)
    length = step.length_of(model) or step.time_of(inputs)
    cut = of_length(inputs, step.lengths(length))
    feed = [
        _whole_signal(cut[name], tensor) if name in step.spectrograms else cut[name]
        for name, tensor in zip(step.input_names, model.inputs, strict=True)
    ]
    collected: Values = {}
    axes = step.time_axes()
    for name, array in zip(step.output_names, outputs_of(model, feed), strict=True):
        axis = axes[name]
        collected[name] = {length - 1: array}
        # An output of the last step only lacks the axis that one of every step has.
        if axis.is_timed:
            places = steps_of(axis, array.shape[1] + axis.delay)
            late = {places[own + axis.delay]: array[:, own] for own in range(array.shape[1])}
            collected[name] = {place: value for place, value in late.items() if place < length}
    return collected


def run_steps(step: StepModel, inputs: dict[str, np.ndarray], count: int) -> Values:
    """Outputs and states of the first time steps of the first sequences, one call after the other.

    Args:
        step: The model of one step, or of a chunk.
        inputs: By name, (sequences, time, ...).
        count: Number of steps.
    """
    states = step.zero_states()
    axes, steps = step.time_axes(), step.form.steps or 1
    rows = np.arange(step.form.batch) % len(next(iter(inputs.values())))
    collected: Values = {name: {} for name in [*step.output_names, *step.state_names]}
    for begin in range(0, count - steps + 1, steps):
        feed = [
            inputs[name][rows]
            if name in step.static_inputs
            else inputs[name][rows, begin : begin + steps]
            for name in step.input_names
        ]
        results = step.model([*feed, *states], training=False)
        arrays = [keras.ops.convert_to_numpy(result) for result in results]
        for name, array in zip(collected, arrays, strict=True):
            kept = array[: len(set(rows))]
            if name in axes and axes[name].is_timed:
                places = steps_of(axes[name], array.shape[1], begin)
                collected[name].update({at: kept[:, own] for own, at in places.items()})
            else:
                collected[name][begin + steps - 1] = kept
        states = arrays[len(step.output_names) :]
    return collected


def outputs_of(model: keras.Model, feed: list[np.ndarray]) -> list[np.ndarray]:
    """The outputs for sequences, in batches of the size that the model has, if it has one.

    Args:
        model: A built model.
        feed: An array (sequences, ...) for each of its inputs.
    """
    count = len(feed[0])
    batch = model.inputs[0].shape[0] or count
    parts = []
    longest = max((value.shape[1] for value in feed if value.ndim > 1), default=0)
    call: Callable = functools.partial(model, training=False)
    if count > _FEW * batch or longest > _SHORT:
        call = _compiled(model, [(batch, *value.shape[1:]) for value in feed])
    with states_kept(model):
        for begin in range(0, count, batch):
            rows = np.arange(begin, begin + batch) % count  # the last batch is filled up
            values = [
                value[rows].astype(tensor.dtype)
                for value, tensor in zip(feed, model.inputs, strict=True)
            ]
            reset_states(model)
            parts.append(keras.tree.flatten(call(values)))
    return [
        np.concatenate([keras.ops.convert_to_numpy(o).astype(np.float32) for o in output])[:count]
        for output in zip(*parts, strict=True)
    ]


def _compiled(model: keras.Model, shapes: list[tuple[int, ...]]) -> Callable:
    """A model for many calls, or many steps: operation by operation these take seconds.

    Not by `predict_on_batch`: TensorFlow would take the functions of all models for one, and warn
    of a function that is compiled again and again.
    """
    call = functools.partial(model, training=False)
    if keras.backend.backend() != "tensorflow":
        return call
    tensorflow = require("tensorflow")
    function = tensorflow.function(call, autograph=False)
    specs = [
        tensorflow.TensorSpec(shape, tensor.dtype)
        for shape, tensor in zip(shapes, model.inputs, strict=True)
    ]
    concrete = function.get_concrete_function(specs)
    return lambda given: concrete([tensorflow.constant(value) for value in given])


def _whole_signal(hops: np.ndarray, tensor: Any) -> np.ndarray:
    """(n, hops, stride) to (n, samples), with zeros up to the length that the model has."""
    samples = hops.reshape(len(hops), -1)
    return np.pad(samples, ((0, 0), (0, (tensor.shape[1] or samples.shape[1]) - samples.shape[1])))
