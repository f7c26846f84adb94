"""Compares a converted file with the Keras model that it was made from."""

import dataclasses
import os
from typing import Any

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.step_model import StepModel, all_layers
from lrkeras.export.step_runner import StepRunner

# Largest error allowed, relative to the largest magnitude of the tensor in the reference.
THRESHOLDS = {None: 1e-4, "float16": 2e-2, "int8": 0.2}
# (threads, XNNPACK) of the runs: each combination uses other kernels.
_RUNS = ((1, True), (2, True), (1, False), (2, False))


@dataclasses.dataclass(frozen=True)
class ParityError:
    """The largest error of one tensor.

    Attributes:
        tensor: Name of an output or a state.
        step: The time step it occurred at.
        error: |file - Keras| over the largest |Keras| of that tensor.
        run: The run it occurred in, such as `"2 threads, XNNPACK"`.
    """

    tensor: str
    step: int
    error: float
    run: str


def check_parity(
    path: str | os.PathLike,
    model: keras.Model,
    step: StepModel,
    inputs: dict[str, np.ndarray],
    threshold: float,
) -> list[ParityError]:
    """Runs a step file over a sequence and compares it with Keras.

    Outputs are compared with those of the whole model over the whole sequence, and outputs and
    states with those of the Keras step model.

    Args:
        path: The file.
        model: The user's model.
        step: The step model it was converted from.
        inputs: By name, (1, time, ...).
        threshold: Largest relative error allowed.

    Returns:
        The worst error of each tensor over all runs.

    Raises:
        ConversionError: If one is above the threshold, or not a number.
    """
    expected = _run_steps(step, inputs)
    whole = _run_whole(model, step, inputs)
    worst: dict[str, ParityError] = {}
    for threads, xnnpack in _RUNS:
        run = f"{threads} thread{'s' * (threads > 1)}, {'' if xnnpack else 'no '}XNNPACK"
        runner = StepRunner(path, num_threads=threads, use_xnnpack=xnnpack)
        actual = _run_file(runner, inputs)
        for name in [*step.output_names, *step.state_names]:
            references = [expected[name], *([whole[name]] if name in whole else [])]
            for reference in references:
                # Without a time axis Keras gives the last step only.
                first = len(actual[name]) - len(reference)
                found = _largest(name, actual[name], reference, first, run)
                if name not in worst or not found.error <= worst[name].error:
                    worst[name] = found
    _judge(list(worst.values()), threshold)
    return list(worst.values())


def sample_inputs(model: keras.Model, step: StepModel, steps: int, seed: int) -> dict[str, Any]:
    """Makes inputs (1, time, ...) for a comparison: normal numbers, or ids an embedding knows."""
    rng = np.random.default_rng(seed)
    known = [layer.input_dim for layer in step.layers if isinstance(layer, keras.layers.Embedding)]
    steps = fixed_length(model) or steps
    inputs = {}
    for name, tensor in zip(step.input_names, step.model.inputs, strict=False):
        shape = (1, steps, *tensor.shape[2:])
        if tensor.dtype == "int32":
            inputs[name] = rng.integers(0, min(known, default=2), shape).astype(np.int32)
        else:
            inputs[name] = rng.normal(size=shape).astype(np.float32)
    return inputs


def fixed_length(model: keras.Model) -> int | None:
    """Number of time steps that the model was built for, or None if it takes any."""
    return next((t.shape[1] for t in model.inputs if t.shape[1] is not None), None)


def _run_steps(step: StepModel, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    states = step.zero_states()
    names = [*step.output_names, *step.state_names]
    collected: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for t in range(_length(inputs)):
        feed = [inputs[name][:, t : t + 1] for name in step.input_names]
        results = step.model([*feed, *states], training=False)
        arrays = [keras.ops.convert_to_numpy(result) for result in results]
        for name, array in zip(names, arrays, strict=True):
            collected[name].append(array)
        states = arrays[len(step.output_names) :]
    return {name: np.stack(values) for name, values in collected.items()}


def _run_file(runner: StepRunner, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    collected: dict[str, list[np.ndarray]] = {}
    for t in range(_length(inputs)):
        outputs = runner.step({name: value[:, t : t + 1] for name, value in inputs.items()})
        if not isinstance(outputs, dict):
            outputs = {runner.output_names[0]: outputs}
        for name, array in {**outputs, **runner.states}.items():
            collected.setdefault(name, []).append(array)
    return {name: np.stack(values) for name, values in collected.items()}


def _run_whole(
    model: keras.Model, step: StepModel, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Outputs of the user's model, (time, 1, ...), or (1, ...) for those of the last step only."""
    model = keras.Model(model.inputs, model.outputs)
    batch = model.inputs[0].shape[0] or 1
    feed = [
        np.repeat(inputs[name], batch, axis=0).astype(tensor.dtype)
        for name, tensor in zip(step.input_names, model.inputs, strict=True)
    ]
    kept = _reset_states(model)
    outputs = keras.tree.flatten(model(feed, training=False))
    arrays = [keras.ops.convert_to_numpy(output)[:1].astype(np.float32) for output in outputs]
    for variable, value in kept:
        variable.assign(value)
    by_time = [
        t.shape[1:2] == (1,) and o.shape[1:2] != (1,)
        for t, o in zip(step.model.outputs, model.outputs, strict=False)
    ]
    return {
        name: np.expand_dims(np.swapaxes(array, 0, 1), 1) if timed else array[None]
        for name, array, timed in zip(step.output_names, arrays, by_time, strict=True)
    }


def _reset_states(model: keras.Model) -> list[tuple[Any, np.ndarray]]:
    """Zeroes the states of stateful layers; returns what they were."""
    kept: list[tuple[Any, np.ndarray]] = []
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.RNN) and layer.stateful:
            states = keras.tree.flatten(layer.states)
            kept.extend((state, keras.ops.convert_to_numpy(state)) for state in states)
            layer.reset_states()
    return kept


def _length(inputs: dict[str, np.ndarray]) -> int:
    return next(iter(inputs.values())).shape[1]


def _largest(
    name: str, actual: np.ndarray, reference: np.ndarray, first: int, run: str
) -> ParityError:
    """The largest error of a tensor; `reference` starts at the step `first`."""
    scale = np.abs(reference).max(initial=0) or 1.0
    difference = np.abs(actual[first:].reshape(reference.shape) - reference)
    # Not a number must count as the worst there is.
    difference = np.where(np.isfinite(difference), difference, np.inf)
    by_step = difference.reshape(len(difference), -1).max(axis=1)
    at = int(by_step.argmax())
    return ParityError(name, first + at, float(by_step[at] / scale), run)


def _judge(errors: list[ParityError], threshold: float) -> None:
    worst = max(errors, key=lambda found: found.error)
    if not worst.error <= threshold:
        raise ConversionError(
            f"Expected the converted file to agree with Keras within {threshold:g} of the largest "
            f"value of each tensor, received an error of {worst.error:.3g} in `{worst.tensor}` at "
            f"step {worst.step} ({worst.run}). No file was written. Try a finer `quantize`, or "
            "report the model."
        )
