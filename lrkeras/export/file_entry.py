"""The JSON entry that a file has about itself."""

import json
from collections.abc import Mapping
from typing import Any

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.layer_rows import LayerReport
from lrkeras.export.quantization import Quantization
from lrkeras.export.steps.step_model import StepModel, delays_of

_FORMAT_VERSION = 1


def file_entry(
    models: list[StepModel],
    quantization: Quantization,
    rows: list[LayerReport],
    extra: Mapping[str, Any] | None,
) -> bytes:
    """Makes the entry `lrkeras` of a file's metadata.

    Args:
        models: The step model of each signature.
        quantization: How the file was rounded.
        rows: What became of each layer.
        extra: What the caller puts into it.

    Raises:
        ConversionError: If JSON cannot hold what the caller gave.
    """
    entry = {
        "version": _FORMAT_VERSION,
        "form": models[0].form.name,
        "forms": [model.form.name for model in models],
        "quantize": quantization.name,
        "structures": _structures(rows),
        "states": models[0].state_names,
        **({"batch": models[0].form.batch} if models[0].form.batch > 1 else {}),
        **({"delays": delays} if (delays := delays_of(models)) else {}),
        **_audio(models[0]),
        **(extra or {}),
    }
    try:
        return json.dumps(entry).encode()
    except (TypeError, ValueError) as error:
        raise ConversionError(
            f"Expected `metadata` of strings, numbers, lists and dicts, which JSON holds: {error}."
        ) from error


def _structures(rows: list[LayerReport]) -> dict[str, str]:
    """The structure of each layer; layers of the same name are numbered, as their states are."""
    found: dict[str, str] = {}
    for row in rows:
        name, count = row.name, 1
        while name in found:
            name, count = f"{row.name}_{count}", count + 1
        found[name] = row.structure
    return found


def _audio(step: StepModel) -> dict[str, int]:
    """What a runner must know about raw samples: how many in a second, and in a step."""
    for layer in step.spectrograms.values():
        return {"sample_rate": layer.sampling_rate, "hop": layer.sequence_stride}
    return {}
