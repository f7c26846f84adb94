"""Inputs that the caller gives for a comparison."""

from typing import Any

import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.steps.step_model import StepModel


def given_inputs(step: StepModel, sample: Any) -> dict[str, np.ndarray] | None:
    """Brings a caller's sequence into the form (1, time, ...) by input name.

    Args:
        step: The step model that it is for.
        sample: Array, or dict of arrays by input name, (time, ...) or (1, time, ...), or None;
            raw samples, (samples,) or (1, samples).

    Raises:
        ConversionError: If names or shapes are not those of the model.
    """
    if sample is None:
        return None
    named = sample if isinstance(sample, dict) else {step.input_names[0]: sample}
    if set(named) != set(step.input_names):
        raise ConversionError(
            f"Expected `sample` for the inputs {step.input_names}, received {sorted(named)}."
        )
    result = {}
    for name, tensor in zip(step.input_names, step.model.inputs, strict=False):
        value = np.asarray(named[name])
        if name in step.spectrograms and step.form.has_states and value.ndim < 3:
            value = _in_hops(value, tensor.shape[2])
        if value.ndim == len(tensor.shape) - 1:
            value = value[None]
        if (
            value.ndim != len(tensor.shape)
            or value.shape[0] != 1
            or (value.shape[2:] != tuple(tensor.shape[2:]))
        ):
            raise ConversionError(
                f"Expected `sample` for {name!r} of shape (1, time, "
                f"{', '.join(map(str, tensor.shape[2:]))}), received {np.shape(named[name])}."
            )
        result[name] = value.astype(tensor.dtype)
    return result


def _in_hops(samples: np.ndarray, stride: int) -> np.ndarray:
    """(samples,) to (1, hops, stride), without what is left of the last hop."""
    flat = samples.reshape(-1)
    return flat[: len(flat) // stride * stride].reshape(1, -1, stride)


def of_length(inputs: dict[str, np.ndarray], steps: int) -> dict[str, np.ndarray]:
    """Brings sequences (1, time, ...) to a length, from the start again where they are short."""
    return {
        name: np.take(value, np.arange(steps) % value.shape[1], axis=1)
        for name, value in inputs.items()
    }
