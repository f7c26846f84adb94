"""The layers of a model, wherever they are in it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras


class Place(NamedTuple):
    """Where a layer stands in a model.

    Attributes:
        path: Names of the models and wrappers it lies in and its own, joined by `/`; without the
            name of the model that was walked.
        layer: The layer.
        caller: The layer that is called with what `layer` multiplies: the outermost
            `TimeDistributed` or `RNN` around it, else the layer itself.
    """

    path: str
    layer: keras.layers.Layer
    caller: keras.layers.Layer


_CALLERS = (keras.layers.TimeDistributed, keras.layers.RNN)


def all_layers(model: keras.Model, unwrapped: bool = True) -> list[keras.layers.Layer]:
    """The layers of a model and of the models inside it, each once, in the order of the model.

    Args:
        model: A built model.
        unwrapped: Whether to give both layers of a `Bidirectional` in its place.
    """
    opened = (keras.Model, keras.layers.Bidirectional) if unwrapped else (keras.Model,)
    return [place.layer for place in _leaves(model, opened)]


def single_layers(model: keras.layers.Layer) -> list[Place]:
    """`(path, layer, caller)` of every layer that is no mere wrapper of others, each once.

    Models, `Bidirectional`, `TimeDistributed`, `RNN` and `StackedRNNCells` are opened; a layer
    that is none of these is the only one in itself.
    """
    return _leaves(model, (keras.layers.Layer,))


def inner_models(model: keras.Model) -> list[keras.Model]:
    """A model and the models inside it, each once, also those in wrappers."""
    found = _walk(model, (keras.layers.Layer,))
    return [place.layer for place in found if isinstance(place.layer, keras.Model)]


def inner_layers(layer: keras.layers.Layer) -> dict[str, keras.layers.Layer]:
    """The layers that a wrapper calls, by the attribute that holds them; none for other layers."""
    if isinstance(layer, keras.layers.Bidirectional):
        return {"forward_layer": layer.forward_layer, "backward_layer": layer.backward_layer}
    if type(layer) is keras.layers.TimeDistributed:
        return {"layer": layer.layer}
    if type(layer) is keras.layers.RNN:
        return {"cell": layer.cell}
    if type(layer) is keras.layers.StackedRNNCells:
        return {f"cells[{i}]": cell for i, cell in enumerate(layer.cells)}
    return {}


def calls_of(model: keras.Model) -> Iterator[tuple[keras.Operation, Any]]:
    """Every operation in the graph of a model, with each node that is a call of it."""
    for operation in keras.Model(model.inputs, model.outputs).operations:
        for node in operation._inbound_nodes:
            yield operation, node


def has_graph(model: keras.Model) -> bool:
    """Whether a model knows its inputs and outputs: Sequential and Functional ones, once built."""
    try:
        return bool(model.inputs) and bool(model.outputs)
    except (AttributeError, ValueError):
        return False


def _walk(root: keras.layers.Layer, opened: tuple[type, ...]) -> Iterator[Place]:
    """Every layer, depth first, where it comes first; only the `opened` ones show their inside."""
    seen = set()

    def visit(layer, path: str, caller) -> Iterator[Place]:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        yield Place(path, layer, caller or layer)
        if type(layer) in _CALLERS:
            caller = caller or layer
        for inner in _inside(layer, opened):
            yield from visit(inner, f"{path}/{inner.name}" if path else inner.name, caller)

    return visit(root, "", None)


def _leaves(root: keras.layers.Layer, opened: tuple[type, ...]) -> list[Place]:
    return [
        place
        for place in _walk(root, opened)
        if not isinstance(place.layer, keras.Model) and not _inside(place.layer, opened)
    ]


def _inside(layer: keras.layers.Layer, opened: tuple[type, ...]) -> list[keras.layers.Layer]:
    if not isinstance(layer, opened):
        return []
    return layer.layers if isinstance(layer, keras.Model) else list(inner_layers(layer).values())
