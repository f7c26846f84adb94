"""Compares a converted file with the Keras model that it was made from."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.form import Form
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.steps.step_inputs import of_length
from lrkeras.export.steps.step_model import StepModel
from lrkeras.model_graph.layers_of import all_layers

# Largest error allowed, relative to the largest magnitude of the tensor in the reference.
THRESHOLDS = {None: 1e-4, "float16": 2e-2, "int8": 0.2, "int8_full": 0.2}
# Rounded to 8 bits, a gate of a trained network that stands near its edge falls to the other side
# at some step: one unit is far off for that step, and the outputs are right. What lasts counts.
BY_WHAT_LASTS = ("int8", "int8_full")
# (threads, XNNPACK) of the runs: each combination uses other kernels.
_RUNS = ((1, True), (2, True), (1, False), (2, False))
# Values of a tensor: time step -> array.
_Values = dict[int, np.ndarray]


@dataclasses.dataclass(frozen=True)
class ParityError:
    """The largest error of one tensor.

    Attributes:
        tensor: Name of an output or a state.
        step: The time step it occurred at.
        error: |file - Keras| over the largest |Keras| of that tensor.
        run: The run it occurred in, such as `"2 threads, XNNPACK"`.
        signature: The signature that was run.
        lasting: The error that lasts: the norm of the error of all steps over the norm of Keras's
            values, or, where that is larger, the median over the steps of the error of an entry,
            over the largest |Keras|.
    """

    tensor: str
    step: int
    error: float
    run: str
    signature: str = "step"
    lasting: float = 0.0


def check_parity(
    path: str | os.PathLike,
    model: keras.Model,
    step: StepModel,
    inputs: dict[str, np.ndarray],
    threshold: float,
    forms: Sequence[Form] = (Form(),),
    by_what_lasts: bool = False,
) -> list[ParityError]:
    """Runs every signature of a file over a sequence and compares it with Keras.

    Outputs are compared with those of the whole model over the whole sequence, and outputs and
    states with those of the Keras model of one step.

    Args:
        path: The file.
        model: The user's model.
        step: The model of one step; where the file has none with states, that of the sequence.
        inputs: By name, (1, time, ...), long enough for every form.
        threshold: Largest relative error allowed.
        forms: The signatures.
        by_what_lasts: Whether the threshold is for the error that lasts, and not for the largest.

    Returns:
        The worst error of each tensor of each signature over all runs.

    Raises:
        ConversionError: If one is above the threshold, or not a number.
    """
    references = [_run_whole(model, step, inputs)]
    if step.form.has_states:
        references.append(_run_steps(step, inputs))
    found: list[ParityError] = []
    for threads, xnnpack in _RUNS:
        run = f"{threads} thread{'s' * (threads > 1)}, {'' if xnnpack else 'no '}XNNPACK"
        interpreter = open_interpreter(path, threads, xnnpack)
        for form in forms:
            actual = _run_file(SignatureRunner(interpreter, form.name), inputs)
            for name in [*step.output_names, *(step.state_names if form.has_states else [])]:
                compared = [
                    _largest(name, actual[name], reference[name], run, form)
                    for reference in references
                    if actual[name].keys() & reference.get(name, {}).keys()
                ]
                if not compared:
                    raise ConversionError(
                        f"Expected a sequence that lasts to the end of a call of `{form.name}`, "
                        f"received {_length(inputs)} steps: `{name}` cannot be compared."
                    )
                found.extend(compared)
    return _judged(found, threshold, by_what_lasts)


def sample_inputs(model: keras.Model, step: StepModel, steps: int, seed: int) -> dict[str, Any]:
    """Makes inputs (1, steps, ...) for a comparison: normal numbers, or ids an embedding knows."""
    rng = np.random.default_rng(seed)
    known = [layer.input_dim for layer in step.layers if isinstance(layer, keras.layers.Embedding)]
    inputs = {}
    for name, tensor in zip(step.input_names, step.model.inputs, strict=False):
        shape = (1, steps, *tensor.shape[2:])
        if tensor.dtype == "int32":
            inputs[name] = rng.integers(0, min(known, default=2), shape).astype(np.int32)
        else:
            inputs[name] = rng.normal(size=shape).astype(np.float32)
    return inputs


def _run_steps(step: StepModel, inputs: dict[str, np.ndarray]) -> dict[str, _Values]:
    states = step.zero_states()
    names = [*step.output_names, *step.state_names]
    collected: dict[str, _Values] = {name: {} for name in names}
    for t in range(_length(inputs)):
        feed = [inputs[name][:, t : t + 1] for name in step.input_names]
        results = step.model([*feed, *states], training=False)
        arrays = [keras.ops.convert_to_numpy(result) for result in results]
        for name, array in zip(names, arrays, strict=True):
            collected[name][t] = array
        states = arrays[len(step.output_names) :]
    return collected


def _run_file(runner: SignatureRunner, inputs: dict[str, np.ndarray]) -> dict[str, _Values]:
    collected: dict[str, _Values] = {}
    states = runner.zero_states()
    for begin in range(0, _length(inputs) - runner.steps + 1, runner.steps):
        end = begin + runner.steps
        feed = {name: value[:, begin:end] for name, value in inputs.items()}
        outputs, states = runner(feed, states)
        for name, array in {**outputs, **states}.items():
            values = collected.setdefault(name, {})
            if name in outputs and runner.has_time_axis(name):
                values.update({begin + t: array[:, t] for t in range(runner.steps)})
            else:
                values[end - 1] = array
        if not states:
            break  # nothing is carried on: another call starts a sequence of its own
    return collected


def _run_whole(
    model: keras.Model, step: StepModel, inputs: dict[str, np.ndarray]
) -> dict[str, _Values]:
    """Outputs of the user's model, over as many steps as it was built for."""
    model = keras.Model(model.inputs, model.outputs)
    batch = model.inputs[0].shape[0] or 1
    length = step.length_of(model) or _length(inputs)
    values = [
        _whole_signal(value, tensor) if name in step.spectrograms else value
        for (name, value), tensor in zip(
            of_length(inputs, length).items(), model.inputs, strict=True
        )
    ]
    feed = [
        np.repeat(value, batch, axis=0).astype(tensor.dtype)
        for value, tensor in zip(values, model.inputs, strict=True)
    ]
    kept = _reset_states(model)
    outputs = keras.tree.flatten(model(feed, training=False))
    arrays = [keras.ops.convert_to_numpy(output)[:1].astype(np.float32) for output in outputs]
    for state, value in kept:
        state.assign(value)
    collected: dict[str, _Values] = {}
    for name, array, made in zip(step.output_names, arrays, step.model.outputs, strict=False):
        # An output of the last step only lacks the axis that one of every step has.
        if array.ndim > 2 and made.shape[1] == step.form.steps and array.shape[1] == length:
            collected[name] = {t: array[:, t] for t in range(length)}
        else:
            collected[name] = {length - 1: array}
    return collected


def _whole_signal(hops: np.ndarray, tensor: Any) -> np.ndarray:
    """(1, hops, stride) to (1, samples), with zeros up to the length that the model has."""
    samples = hops.reshape(1, -1)
    return np.pad(samples, ((0, 0), (0, (tensor.shape[1] or samples.shape[1]) - samples.shape[1])))


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


def _largest(name: str, actual: _Values, reference: _Values, run: str, form: Form) -> ParityError:
    """The errors of a tensor, over the steps that both have."""
    scale = max(np.abs(value).max(initial=0) for value in reference.values()) or 1.0
    steps = sorted(actual.keys() & reference.keys())
    expected = np.stack([reference[step].ravel() for step in steps])
    found = np.stack([actual[step].ravel() for step in steps])
    difference = np.abs(found - expected)
    # Not a number must count as the worst there is.
    difference = np.where(np.isfinite(difference), difference, np.inf)
    of_steps = difference.max(axis=1, initial=0) / scale
    worst = int(np.argmax(of_steps))
    lasting = np.inf
    if np.isfinite(difference).all():
        norm = np.linalg.norm(difference) / (np.linalg.norm(expected) or 1.0)
        lasting = max(norm, np.median(difference, axis=0).max(initial=0) / scale)
    return ParityError(name, steps[worst], float(of_steps[worst]), run, form.name, float(lasting))


def _judged(errors: list[ParityError], threshold: float, by_what_lasts: bool) -> list[ParityError]:
    """The worst error of each tensor of each signature, none above the threshold."""

    def size(found: ParityError) -> float:
        return found.lasting if by_what_lasts else found.error

    by_tensor: dict[tuple[str, str], ParityError] = {}
    for found in errors:
        key = (found.signature, found.tensor)
        before = by_tensor.setdefault(key, found)
        lasting = max(before.lasting, found.lasting)
        worse = found if found.error > before.error else before
        by_tensor[key] = dataclasses.replace(worse, lasting=lasting)
    worst = max(errors, key=size)
    if not size(worst) <= threshold:
        kind = "a lasting error" if by_what_lasts else "an error"
        raise ConversionError(
            f"Expected the converted file to agree with Keras within {threshold:g} of the largest "
            f"value of each tensor, received {kind} of {size(worst):.3g} in `{worst.tensor}` "
            f"of the signature `{worst.signature}` at step {worst.step} ({worst.run}). No "
            "file was written. Pass real inputs as `sample` if these were made up, try a finer "
            "`quantize`, or report the model."
        )
    return list(by_tensor.values())
