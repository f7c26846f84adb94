"""The sequences that a file and Keras are both run on."""

import math
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.form import Form
from lrkeras.export.steps.step_model import StepModel

Inputs = dict[str, np.ndarray]

# Results that are compared at least: time steps, or windows of a model that gives one for each.
_RESULTS = 256
# Time steps of a window where nothing says otherwise, and at most where the caller gives more.
_WINDOW_STEPS, _MOST_WINDOW_STEPS, _MOST_STREAM_STEPS = 12, 100, 1000


def comparison_inputs(
    model: keras.Model,
    step: StepModel,
    forms: list[Form],
    given: Inputs | None,
    steps: int | None,
    seed: int,
) -> Inputs:
    """Sequences (n, time, ...) by input name, enough of them to judge a file by.

    A model that gives one result for each sequence is compared on 256 windows, any other on 256
    time steps: in one stream, or in windows of the length that the model or a form has.

    Args:
        model: The user's model, in float32.
        step: The step model that it is compared by.
        forms: The forms of the file.
        given: The caller's sequences; without them, inputs are made up.
        steps: The length that the caller asks for.
        seed: Of inputs that are made up.
    """
    gives_one_result = not all(axis.is_timed for axis in step.time_axes().values())
    length = _length(step, model, forms, given, steps, gives_one_result)
    late = _late(step)
    of_each = 1 if gives_one_result else max(1, length // step.rate - late)
    count = math.ceil(_RESULTS / of_each)
    lengths = step.lengths(length)
    if given is not None:
        return windows_of(given, lengths, count)
    return _made_up(step, count, lengths, seed)


def given_inputs(step: StepModel, sample: Any) -> Inputs | None:
    """Brings a caller's sequences into the form (n, time, ...) by input name.

    Args:
        step: The step model that they are for.
        sample: Array, or dict of arrays by input name, (time, ...) or (n, time, ...), or None;
            raw samples, (samples,) or (n, samples). Or a generator of these, or a dataset.

    Raises:
        ConversionError: If names or shapes are not those of the model.
    """
    if sample is None:
        return None
    if _is_row_of_samples(sample):
        return _all_of([given_inputs(step, _one(item)) for item in sample])
    named = sample if isinstance(sample, dict) else {step.input_names[0]: sample}
    if set(named) != set(step.input_names):
        raise ConversionError(
            f"Expected `sample` for the inputs {step.input_names}, received {sorted(named)}."
        )
    result, own = {}, step.lengths(0)
    for name, tensor in zip(step.input_names, step.model.inputs, strict=False):
        value = _numbers(name, named[name], whole=tensor.dtype == "int32")
        if name in step.spectrograms and step.form.has_states and value.ndim < 3:
            value = in_hops(value, tensor.shape[2])
        if value.ndim == len(tensor.shape) - 1:
            value = value[None]
        if value.ndim != len(tensor.shape) or value.shape[2:] != tuple(tensor.shape[2:]):
            raise ConversionError(
                f"Expected `sample` for {name!r} of shape (1, time, "
                f"{', '.join(map(str, tensor.shape[2:]))}), received {np.shape(named[name])}."
            )
        is_vector = len(tensor.shape) == 2 and own[name] not in (0, step.form.steps)
        is_vector |= name in step.static_inputs
        if is_vector and tensor.dtype == "float32" and value.shape[1] != own[name]:
            raise ConversionError(
                f"Expected `sample` for {name!r} of shape (n, {own[name]}), one vector for each "
                f"sequence, received {np.shape(named[name])}."
            )
        result[name] = value.astype(tensor.dtype)
    sizes = {name: value.shape[:2] for name, value in result.items()}
    # Inputs of as many steps go together; a vector, or a future beside a past, has its own length.
    together = {(size, own[name]) for name, size in sizes.items()}
    counts = {count for count, _ in sizes.values()}
    if len(counts) > 1 or len(together) > len(set(own.values())) or 0 in sum(sizes.values(), ()):
        raise ConversionError(
            "Expected `sample` with as many sequences of as many steps for each input, one or "
            f"more, received {sizes}."
        )
    return result


def _is_row_of_samples(sample: Any) -> bool:
    """Whether it is a generator or a dataset, rather than a sample by itself."""
    is_array = isinstance(sample, (dict, list, tuple, str)) or hasattr(sample, "__array__")
    return isinstance(sample, Iterable) and not is_array


def _one(item: Any) -> Any:
    """What is in a list of one array, as generators of representative data sets give it."""
    return item[0] if isinstance(item, (list, tuple)) and len(item) == 1 else item


def _all_of(parts: list[Inputs | None]) -> Inputs:
    """All sequences of some samples together."""
    found = [part for part in parts if part is not None]
    if not found:
        raise ConversionError("Expected `sample` of one sequence or more, received none.")
    shapes = {name: sorted({part[name].shape[1:] for part in found}) for name in found[0]}
    if any(len(of_one) > 1 for of_one in shapes.values()):
        raise ConversionError(
            f"Expected `sample` of sequences of one shape, received several: {shapes}. Cut or pad "
            "them to one length."
        )
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def of_length(inputs: Inputs, lengths: dict[str, int]) -> Inputs:
    """Brings sequences (n, time, ...) to lengths, from the start again where they are short."""
    return {
        name: np.take(value, np.arange(lengths[name]) % value.shape[1], axis=1)
        for name, value in inputs.items()
    }


def windows_of(inputs: Inputs, lengths: dict[str, int], least: int) -> Inputs:
    """Cuts windows out of sequences (n, time, ...), evenly spaced.

    Args:
        inputs: By name.
        lengths: Of a window, by name; a sequence that ends earlier starts again, one of just this
            length is one window.
        least: Number of windows, unless there are more sequences than that.
    """
    of_each = math.ceil(least / len(next(iter(inputs.values()))))
    return {name: _windows(value, lengths[name], of_each) for name, value in inputs.items()}


def _windows(value: np.ndarray, length: int, count: int) -> np.ndarray:
    """Evenly spaced windows of each of some sequences (n, time, ...)."""
    time = value.shape[1]
    starts = [begin * time // count for begin in range(count)]
    return np.concatenate(
        [np.take(value, (start + np.arange(length)) % time, axis=1) for start in starts]
    )


def _length(
    step: StepModel,
    model: keras.Model,
    forms: list[Form],
    given: Inputs | None,
    steps: int | None,
    gives_one_result: bool,
) -> int:
    sequences = [one.steps for one in forms if one.kind == "sequence" and one.steps]
    if sequences:
        return max(sequences)  # compared with a whole one of its own length
    length = step.length_of(model) or steps
    if length is None and given is not None:
        length = next(iter(given.values())).shape[1]
        length = min(length, _MOST_WINDOW_STEPS if gives_one_result else _MOST_STREAM_STEPS)
    if length is None:
        length = _WINDOW_STEPS if gives_one_result else (_RESULTS + _late(step)) * step.rate
    # A chunk is compared on two of them at least.
    length = max([length, *(2 * one.steps for one in forms if one.kind == "chunk" and one.steps)])
    return length if step.length_of(model) else -(-length // step.rate) * step.rate


def _late(step: StepModel) -> int:
    return max((axis.delay for axis in step.time_axes().values()), default=0)


def _made_up(step: StepModel, count: int, lengths: dict[str, int], seed: int) -> Inputs:
    """Normal numbers, or ids that every embedding knows."""
    rng = np.random.default_rng(seed)
    known = [layer.input_dim for layer in step.layers if isinstance(layer, keras.layers.Embedding)]
    inputs = {}
    for name, tensor in zip(step.input_names, step.model.inputs, strict=False):
        shape = (count, lengths[name], *tensor.shape[2:])
        if tensor.dtype == "int32":
            inputs[name] = rng.integers(0, min(known, default=2), shape).astype(np.int32)
        else:
            inputs[name] = rng.normal(size=shape).astype(np.float32)
    return inputs


def _numbers(name: str, value: Any, whole: bool) -> np.ndarray:
    expected = "whole numbers" if whole else "finite numbers"
    try:
        array = np.asarray(value)
        right = np.isfinite(array)
        if whole:
            right &= np.floor(array) == array
        if right.all():
            return array
        received = f"others, such as {array[~right].flat[0]}"
    except (TypeError, ValueError):
        received = f"{type(value).__name__} of other things"
    raise ConversionError(f"Expected `sample` of {expected} for {name!r}, received {received}.")


def in_hops(samples: np.ndarray, stride: int) -> np.ndarray:
    """(samples,) or (n, samples) to (n, hops, stride), without what is left of the last hop."""
    rows = samples.reshape(1, -1) if samples.ndim < 2 else samples
    hops = rows.shape[1] // stride
    return rows[:, : hops * stride].reshape(len(rows), hops, stride)
