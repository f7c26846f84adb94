"""The inputs of a model of some time steps."""

from typing import Any

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.form import Form
from lrkeras.export.steps.tensor_names import plain


def sample_input(tensor: Any, form: Form, stride: int) -> Any:
    """Samples: those of one hop a step, or of the whole sequence."""
    shape = (1, form.steps, stride) if form.has_states else (1, form.steps)  # `_check_batch`
    return keras.Input(batch_shape=shape, dtype="float32", name=plain(tensor.name))


def step_input(tensor: Any, form: Form, is_ids: bool, is_timed: bool) -> Any:
    """Ids or numbers: the steps of a form, or what has no time axis.

    Raises:
        ConversionError: If a file cannot take the input.
    """
    if tensor.dtype == "string":
        raise ConversionError(
            f"Expected numeric inputs, received `{tensor.name}` of dtype string. Put the text "
            "processing outside the model: a step file takes token ids."
        )
    if getattr(tensor, "ragged", False) or getattr(tensor, "sparse", False):
        raise ConversionError(
            f"Expected dense inputs, received `{tensor.name}`, which is ragged or sparse."
        )
    shape = list(tensor.shape)
    if len(shape) < 2:
        raise ConversionError(
            f"Expected inputs with an axis beside the batch, received `{tensor.name}` of shape "
            f"{tuple(shape)}. Give it one: n = keras.Input((1,), dtype={tensor.dtype!r}), and a "
            "model that calls this one with n[:, 0] in its place."
        )
    if any(size is None for size in shape[2:]):
        raise ConversionError(
            "Expected inputs of shape (batch, time) or (batch, time, features) with known "
            f"features, received `{tensor.name}` of shape {tuple(shape)}."
        )
    # Keras calls ids float32 where nobody says otherwise.
    dtype = "int32" if is_ids or tensor.dtype.startswith(("int", "uint")) else "float32"
    steps = form.steps if form.has_states and is_timed else shape[1] or form.steps
    shape = [form.batch, steps, *shape[2:]]
    return keras.Input(batch_shape=shape, dtype=dtype, name=plain(tensor.name))


def state_input(name: str, shape: tuple[int, ...]) -> Any:
    """A state, with its batch."""
    tensor = keras.Input(batch_shape=shape, name=name, dtype="float32")
    # keras 3.12 takes an input for unconnected, and refuses the model, until something reads it.
    keras.ops.stop_gradient(tensor)
    return tensor
