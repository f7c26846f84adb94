"""The model that has only some of the units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.model_graph.copy_model import compile_like, copy_model
from lrkeras.model_graph.units.hidden_units import HiddenUnits, Segment


def with_fewer_units(
    model: keras.Model, units: HiddenUnits, kept: Sequence[np.ndarray]
) -> keras.Model:
    """Makes a copy of a model without some of its units.

    The same as setting to zero all that reads these units, to float precision.

    Args:
        model: The model, not changed.
        units: Its units.
        kept: For each group the units that stay, in ascending order.

    Returns:
        A model of the same classes of layers, compiled like the model.

    Raises:
        ValueError: If a layer cannot be copied.
    """
    wanted = [np.asarray(k, int) for k in kept]

    def replace(layer: keras.layers.Layer) -> keras.layers.Layer | None:
        if id(layer) not in units.resized:
            return None
        sizes = {
            name: _count(axis, wanted)
            for name, axis in units.resized[id(layer)][1].items()
            if any(s.group is not None for s in axis)
        }
        return _resized(layer, sizes) if sizes else None

    small, pairs = copy_model(model, replace)
    held = {id(w.weight): w for w in units.weights}
    for old, new in pairs:
        values = []
        for weight in old.weights:
            value = ops.convert_to_numpy(weight)
            if id(weight) in held:
                axes = [_indices(axis, wanted) for axis in held[id(weight)].axes]
                value = value[np.ix_(*axes)]
            values.append(value)
        new.set_weights(values)
    compile_like(small, model)
    return small


def _resized(layer: keras.layers.Layer, sizes: dict[str, int]) -> keras.layers.Layer:
    config = layer.get_config()
    for name, size in sizes.items():
        config[name] = (*config[name][:-1], size) if name == "target_shape" else size
    for name, value in config.items():
        # Such as a table trained elsewhere: of the size of the old weight, and of no use for a new.
        if name.endswith("_initializer") and _holds_an_array(value):
            config[name] = "zeros"
    return type(layer).from_config(config)


def _holds_an_array(initializer: Any) -> bool:
    config = initializer.get("config", {}) if isinstance(initializer, dict) else {}
    return isinstance(config.get("value"), dict) or np.ndim(config.get("value", 0)) > 0


def _count(axis: tuple[Segment, ...], kept: Sequence[np.ndarray]) -> int:
    return sum(s.width if s.group is None else len(kept[s.group]) for s in axis)


def _indices(axis: tuple[Segment, ...], kept: Sequence[np.ndarray]) -> np.ndarray:
    parts = [s.first + (np.arange(s.width) if s.group is None else kept[s.group]) for s in axis]
    return np.concatenate(parts)
