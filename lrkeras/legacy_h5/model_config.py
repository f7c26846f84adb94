"""The configuration of a whole model: from what Keras 2 wrote to what Keras 3 reads."""

from __future__ import annotations

from typing import Any

from lrkeras.legacy_h5.graph_nodes import Graph
from lrkeras.legacy_h5.layer_config import Config, batch_shape, modern_layer
from lrkeras.legacy_h5.layer_weights import modern_name

FUNCTIONAL = {"Model", "Functional"}


def modern_model(entry: Config, names: list[str] | None = None) -> Config:
    """Returns the configuration of a model as `keras.saving.deserialize_keras_object` reads it.

    Args:
        entry: `class_name` and `config` in the format of Keras 2, left as they are.
        names: the names of the layers of a Sequential, for the models in it that have none.

    Raises:
        ValueError: the model is of another kind, holds a layer that cannot be rebuilt, or has no
            input shape.
    """
    if entry["class_name"] == "Sequential":
        return _model("Sequential", _sequential(entry, names or []))
    if entry["class_name"] in FUNCTIONAL and "input_layers" in entry["config"]:
        return _model("Model", _functional(entry))
    raise ValueError(
        f"Expected a Sequential or a functional model; received a {entry['class_name']!r}. Build "
        "the model in Python and pass it as model=."
    )


def _model(class_name: str, config: Config) -> Config:
    return {"module": "keras", "class_name": class_name, "registered_name": None, "config": config}


def _layer(entry: Config) -> Config:
    if _is_model(entry):
        return modern_model(entry)
    return modern_layer(entry, _layer)


def _is_model(entry: Config) -> bool:
    return entry["class_name"] in FUNCTIONAL | {"Sequential"}


def _sequential(entry: Config, names: list[str]) -> Config:
    config = entry["config"]
    if isinstance(config, list):  # Keras before 2.2.3: the layers and no name
        config = {"layers": config, "name": entry.get("name")}
    entries = _named(config["layers"], names)
    layers = [_layer(inner) for inner in entries]
    shape = _input_shape(entries[0]) if entries else None
    if shape is None:
        shape = config.get("build_input_shape")
    if shape is None:
        raise ValueError(
            f"The Sequential {config.get('name')!r} has no input shape: it was saved before it was "
            "built. Build the model in Python and pass it as model=."
        )
    if layers[0]["class_name"] != "InputLayer":
        first = layers[0]["config"]
        arguments = {"batch_shape": shape, "name": f"{first['name']}_input"}
        arguments["dtype"] = "int32" if layers[0]["class_name"] == "Embedding" else "float32"
        layers.insert(0, _layer({"class_name": "InputLayer", "config": arguments}))
    name = config.get("name")
    return {"name": modern_name(name) if name else None, "layers": layers}


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


def _functional(entry: Config) -> Config:
    config = entry["config"]
    graph = Graph(
        config["layers"],
        config["output_layers"],
        models={layer["name"] for layer in config["layers"] if _is_model(layer)},
        functional={
            layer["name"] for layer in config["layers"] if layer["class_name"] in FUNCTIONAL
        },
    )
    layers = []
    for layer in config["layers"]:
        modern, name = _layer(layer), modern_name(layer["name"])
        modern["config"]["name"] = name
        layers.append({**modern, "name": name, "inbound_nodes": graph.nodes_of(layer)})
    return {
        "name": modern_name(config["name"]),
        "trainable": config.get("trainable", True),
        "layers": layers,
        "input_layers": graph.ends(config["input_layers"]),
        "output_layers": graph.ends(config["output_layers"]),
    }
