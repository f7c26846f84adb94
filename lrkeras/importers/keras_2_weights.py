"""The weights in a `.keras` file of Keras 2.13 to 2.15.

They lie in a tree of the attributes of the layers. What is in a list goes by the name of its class
and a number, so that two LSTMs are `layers/lstm` and `layers/lstm_1`; a version that listed a layer
twice counted it twice.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import h5py
import keras
import numpy as np

from lrkeras.legacy_h5.layer_weights import modern_name

# Where versions kept the layers of a model.
_LISTS = ("layers", "_layer_checkpoint_dependencies")
Values = list[tuple[keras.Variable, h5py.Dataset]]


def set_archive_weights(model: keras.Model, config: dict[str, Any], content: bytes) -> None:
    """Sets the weights of a model that was built from a configuration of Keras 2.

    Args:
        model: The model.
        config: Its configuration, whose layers have the order in which the weights were saved.
        content: That of the file `model.weights.h5`.

    Raises:
        ValueError: The file is damaged, or its weights are not those of the model.
    """
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            values = list(_model_values(model, config, file))
            arrays = [(variable, np.asarray(dataset[()])) for variable, dataset in values]
            stored = _count(file)
    except (OSError, RuntimeError, KeyError) as error:
        raise ValueError(f"the weights are damaged ({error})") from error
    _check_complete(model, arrays, stored)
    for variable, array in arrays:
        variable.assign(array)


def _model_values(
    model: keras.Model, config: dict[str, Any], group: h5py.Group
) -> Iterator[tuple[keras.Variable, h5py.Dataset]]:
    found = [group[name] for name in _LISTS if name in group]
    if not found:
        raise ValueError(f"the weights have no list of layers, only {sorted(group)}")
    entries = config["config"]
    entries = entries["layers"] if isinstance(entries, dict) else entries
    kinds = {entry["config"]["name"]: entry for entry in entries if "name" in entry["config"]}
    layers = {modern_name(layer.name): layer for layer in model.layers}
    ordered = [(entry, layers.get(modern_name(name))) for name, entry in kinds.items()]
    yield from _listed([(entry, layer) for entry, layer in ordered if layer is not None], found[0])


def _listed(
    members: list[tuple[dict[str, Any], keras.layers.Layer]], group: h5py.Group
) -> Iterator[tuple[keras.Variable, h5py.Dataset]]:
    """Those of the members of a list, which come in the same order within each class."""
    stored: dict[str, list[h5py.Group]] = {}
    for name in sorted(group, key=_number):
        if _count(group[name]):
            stored.setdefault(re.sub(r"_\d+$", "", name), []).append(group[name])
    for entry, layer in members:
        if not layer.weights:
            continue
        kind = _snake_case(entry["class_name"].rpartition(">")[2])
        if not stored.get(kind):
            raise ValueError(f"the file has no weights for the layer {layer.name!r} ({kind})")
        yield from _layer_values(layer, entry, stored[kind].pop(0))
    left = sorted(group.name for groups in stored.values() for group in groups)
    if left:
        raise ValueError(f"the model has no layers for the weights {', '.join(left)}")


def _layer_values(
    layer: keras.layers.Layer, entry: dict[str, Any], group: h5py.Group
) -> Iterator[tuple[keras.Variable, h5py.Dataset]]:
    if isinstance(layer, keras.Model):
        yield from _model_values(layer, entry, group)
        return
    own = [*layer._trainable_variables, *layer._non_trainable_variables]
    stored = group.get("vars", {})
    if len(own) != len(stored):
        raise ValueError(
            f"the layer {layer.name!r} has {len(own)} weights of its own, the file {len(stored)}"
        )
    for index, variable in enumerate(own):
        yield variable, stored[str(index)]
    for name in group:
        if name == "vars" or not _count(group[name]):
            continue
        inner = getattr(layer, name, None)
        if isinstance(inner, keras.layers.Layer):
            yield from _layer_values(inner, _entry_of(inner, entry, name), group[name])
        elif isinstance(inner, (list, tuple)):
            members = [({"class_name": type(item).__name__}, item) for item in inner]
            yield from _listed(members, group[name])
        else:
            raise ValueError(f"the layer {layer.name!r} has no part {name!r}, which has weights")


def _entry_of(inner: keras.layers.Layer, entry: dict[str, Any], name: str) -> dict[str, Any]:
    """The configuration of what is inside of a layer, which counts for models only."""
    config = entry.get("config", {}).get(name)
    return config if isinstance(config, dict) else {"class_name": type(inner).__name__}


def _check_complete(
    model: keras.Model, arrays: list[tuple[keras.Variable, np.ndarray]], stored: int
) -> None:
    for variable, array in arrays:
        if tuple(variable.shape) != array.shape:
            raise ValueError(
                f"the weight {variable.path!r} has the shape {tuple(variable.shape)}, but "
                f"{array.shape} in the file"
            )
    given = {id(variable) for variable, _ in arrays}
    missing = [weight.path for weight in model.weights if id(weight) not in given]
    if missing:
        raise ValueError(f"the file has no weights for {', '.join(missing)}")
    if len(arrays) != stored:
        raise ValueError(f"the model takes {len(arrays)} weights, the file holds {stored}")


def _count(group: Any) -> int:
    if isinstance(group, h5py.Dataset):
        return 1
    return sum(_count(group[name]) for name in group)


def _number(name: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.*?)(?:_(\d+))?", name)
    return (match[1], int(match[2] or 0)) if match else (name, 0)


def _snake_case(name: str) -> str:
    """The name of a class as Keras 2 wrote it: `LSTM` is `lstm`, `TimeDistributed` two words."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
