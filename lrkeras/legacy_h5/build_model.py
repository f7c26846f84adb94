"""A Keras 3 model from the configuration that Keras 2 wrote."""

from __future__ import annotations

from typing import Any

import keras

from lrkeras.legacy_h5.functional_graph import FunctionalGraph
from lrkeras.legacy_h5.layer_config import Config, LayerReader, batch_shape
from lrkeras.legacy_h5.layer_weights import modern_name

FUNCTIONAL = {"Model", "Functional"}


class ModelBuilder:
    """Builds models, and the layers in them.

    Args:
        safe_mode: Whether Python code in the file is refused.
    """

    def __init__(self, safe_mode: bool = True) -> None:
        self._reader = LayerReader(self._inner, safe_mode)

    def build(self, entry: Config, names: list[str] | None = None) -> keras.Model:
        """Builds a model with weights of its own.

        Args:
            entry: `class_name` and `config` in the format of Keras 2, left as they are.
            names: The names of the layers of a Sequential, for the models in it that have none.

        Raises:
            ValueError: The model is of another kind, holds a layer that cannot be rebuilt, or has
                no input shape.
        """
        if entry["class_name"] == "Sequential":
            return self._sequential(entry, names or [])
        if entry["class_name"] in FUNCTIONAL and "input_layers" in entry["config"]:
            return self._functional(entry)
        raise ValueError(
            f"Expected a Sequential or a functional model; received a {entry['class_name']!r}. "
            "Build the model in Python and pass it as model=."
        )

    def _layer(self, entry: Config) -> keras.layers.Layer:
        return self.build(entry) if _is_model(entry) else self._reader.layer(entry)

    def _inner(self, entry: Config) -> Config:
        """The configuration in Keras 3 of what is inside of a layer."""
        if _is_model(entry):
            return keras.saving.serialize_keras_object(self.build(entry))
        return self._reader.config(entry)

    def _sequential(self, entry: Config, names: list[str]) -> keras.Sequential:
        config = entry["config"]
        if isinstance(config, list):  # Keras before 2.2.3: the layers and no name
            config = {"layers": config, "name": entry.get("name")}
        entries = _named(config["layers"], names)
        shape = _input_shape(entries[0]) if entries else None
        if shape is None:
            shape = config.get("build_input_shape")
        if shape is None:
            raise ValueError(
                f"The Sequential {config.get('name')!r} has no input shape: it was saved before it "
                "was built. Build the model in Python and pass it as model=."
            )
        layers = [self._layer(inner) for inner in entries]
        if not isinstance(layers[0], keras.layers.InputLayer):
            is_ids = isinstance(layers[0], keras.layers.Embedding)
            layers.insert(
                0,
                keras.layers.InputLayer(
                    batch_shape=tuple(shape),
                    dtype="int32" if is_ids else "float32",
                    name=f"{layers[0].name}_input",
                ),
            )
        name = config.get("name")
        return keras.Sequential(layers, name=modern_name(name) if name else None)

    def _functional(self, entry: Config) -> keras.Model:
        config = entry["config"]
        models = {layer["name"] for layer in config["layers"] if _is_model(layer)}
        return FunctionalGraph(config, self._layer, models).model()


def _is_model(entry: Config) -> bool:
    return entry["class_name"] in FUNCTIONAL | {"Sequential"}


def _named(entries: list[Config], names: list[str]) -> list[Config]:
    """Gives models without a name, as Keras before 2.2.3 wrote them, that of their weights."""
    visible = [entry for entry in entries if entry["class_name"] != "InputLayer"]
    if len(visible) != len(names):
        return entries
    remaining = iter(names)
    return [
        entry if entry["class_name"] == "InputLayer" else {"name": next(remaining), **entry}
        for entry in entries
    ]


def _input_shape(entry: Config) -> Any:
    """Returns the input shape of a layer, or that of the first layer of a model in a model."""
    config = entry["config"]
    if not _is_model(entry):
        return batch_shape(config)
    inner = config if isinstance(config, list) else config["layers"]
    return _input_shape(inner[0]) if inner else None
