"""The sources and target steps that a file of encoder and decoder and Keras are both run on."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.steps.step_model import StepModel
from lrkeras.model_graph.encoder_decoder import EncoderDecoder

Inputs = dict[str, np.ndarray]

# Results that are compared at least, of sources at least.
_RESULTS, _SOURCES = 256, 8
# Target steps, where nothing says otherwise: of a model with a result for each, and of any other.
_STEPS, _STEPS_TO_ONE = 16, 4


def seq2seq_inputs(
    parts: EncoderDecoder,
    encode: StepModel,
    decode: StepModel,
    sample: Mapping[str, Any] | None,
    seed: int,
) -> Inputs:
    """Arrays (n, ...) for the inputs of the training model, by name.

    Args:
        parts: The training model in two parts.
        encode: The step model of the encoder.
        decode: That of the decoder.
        sample: What the caller gave; None to make some up.
        seed: Of what is made up.

    Raises:
        ConversionError: If `sample` does not fit the model.
    """
    specs = {
        **dict(zip(parts.source_names, encode.model.inputs, strict=True)),
        **dict(zip(parts.target_names, decode.model.inputs, strict=False)),
    }
    if sample is not None:
        return _given(parts, specs, sample)
    rng = np.random.default_rng(seed)
    gives_each = all(len(t.shape) > 2 for t in decode.model.outputs[: len(decode.output_names)])
    steps = _fixed_steps(parts) or (_STEPS if gives_each else _STEPS_TO_ONE)
    count = max(_SOURCES, math.ceil(_RESULTS / (steps if gives_each else 1)))
    inputs = {}
    for name, tensor in specs.items():
        part = decode if name in parts.target_names else encode
        length = steps if part is decode else int(tensor.shape[1])
        shape = (count, length, *tensor.shape[2:])
        inputs[name] = _made_up(rng, shape, tensor.dtype, part.layers)
        if part is encode:
            _pad(rng, inputs[name], part.layers)
    return inputs


def _fixed_steps(parts: EncoderDecoder) -> int | None:
    """Target steps that the training model was built for; None if it takes any number."""
    lengths = [t.shape[1] for t in parts.model.inputs if t.name in parts.target_names]
    return next((length for length in lengths if length is not None), None)


def _made_up(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: str, layers: list[Any]
) -> np.ndarray:
    """Normal numbers, or ids that every embedding knows, but not the one that means nothing."""
    if dtype != "int32":
        return rng.normal(size=shape).astype(np.float32)
    tables = [layer for layer in layers if isinstance(layer, keras.layers.Embedding)]
    known = min([table.input_dim for table in tables], default=2)
    masked = any(table.mask_zero for table in tables) and known > 1
    return rng.integers(1 if masked else 0, known, shape).astype(np.int32)


def _pad(rng: np.random.Generator, rows: np.ndarray, layers: list[Any]) -> None:
    """Lets all but the first source end early, with what the model's masks leave out."""
    nothing = [layer.mask_value for layer in layers if isinstance(layer, keras.layers.Masking)]
    if rows.dtype == np.int32:
        tables = [layer for layer in layers if isinstance(layer, keras.layers.Embedding)]
        nothing = [0] if any(table.mask_zero for table in tables) else []
    if nothing and rows.ndim > 1:
        for row in rows[1:]:
            row[rng.integers(1, len(row) + 1) :] = nothing[0]


def _given(parts: EncoderDecoder, specs: dict[str, Any], sample: Mapping[str, Any]) -> Inputs:
    if not isinstance(sample, Mapping) or set(sample) != set(specs):
        received = sorted(sample) if isinstance(sample, Mapping) else type(sample).__name__
        raise ConversionError(
            f"Expected `sample` to be a dict of arrays for the inputs {list(specs)}, received "
            f"{received}."
        )
    inputs = {}
    for name, tensor in specs.items():
        value = np.asarray(sample[name])
        is_target = name in parts.target_names
        length = _fixed_steps(parts) if is_target else tensor.shape[1]
        shape = ("n", length or "steps", *tensor.shape[2:])
        if value.ndim == len(shape) - 1:
            value = value[None]
        fits = value.ndim == len(shape) and value.shape[2:] == shape[2:] and value.size
        if not fits or length not in (None, value.shape[1]):
            raise ConversionError(
                f"Expected `sample` for {name!r} of shape ({', '.join(map(str, shape))}), received "
                f"{np.shape(sample[name])}. Pad sources to the length of the file."
            )
        whole = tensor.dtype == "int32"
        if value.dtype.kind not in "iufb" or not np.isfinite(value).all():
            raise ConversionError(f"Expected `sample` of finite numbers for {name!r}.")
        if whole and np.any(value != np.floor(value)):
            raise ConversionError(f"Expected `sample` of whole numbers for {name!r}.")
        inputs[name] = value.astype(tensor.dtype)
    counts = {name: len(value) for name, value in inputs.items()}
    steps = {inputs[name].shape[1] for name in parts.target_names}
    if len(set(counts.values())) > 1 or len(steps) > 1:
        shapes = {name: value.shape for name, value in inputs.items()}
        raise ConversionError(
            f"Expected `sample` with a target for each source, received the shapes {shapes}."
        )
    return inputs
