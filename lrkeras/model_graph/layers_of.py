"""The layers of a model, wherever they are in it."""

from collections.abc import Iterator

import keras


def all_layers(model: keras.Model, unwrapped: bool = True) -> list[keras.layers.Layer]:
    """The layers of a model and of the models inside it.

    Args:
        model: A functional model.
        unwrapped: Whether to give both layers of a `Bidirectional` in its place.
    """
    found: list[keras.layers.Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found.extend(all_layers(layer, unwrapped))
        elif unwrapped and isinstance(layer, keras.layers.Bidirectional):
            found.extend([layer.forward_layer, layer.backward_layer])
        else:
            found.append(layer)
    return found


def fixed_length(model: keras.Model) -> int | None:
    """Number of time steps that the model was built for, or None if it takes any."""
    return next((t.shape[1] for t in model.inputs if t.shape[1] is not None), None)


def has_graph(model: keras.Model) -> bool:
    """Whether a model knows its inputs and outputs: Sequential and Functional ones, once built."""
    try:
        return bool(model.inputs) and bool(model.outputs)
    except (AttributeError, ValueError):
        return False


def single_layers(
    model: keras.layers.Layer,
) -> list[tuple[str, keras.layers.Layer, keras.layers.Layer]]:
    """`(path, layer, caller)` of every layer that is no mere wrapper of others, each once.

    `caller` is the layer that is called with what the layer multiplies: a `TimeDistributed` or
    `RNN` around it, else the layer itself.
    """
    found, seen = [], set()
    for path, layer, caller in _walk(model, "", None):
        if id(layer) not in seen:
            seen.add(id(layer))
            found.append((path, layer, caller))
    return found


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


def _walk(layer, path: str, caller) -> Iterator[tuple]:
    if isinstance(layer, keras.Model):
        inside = layer.layers
    else:
        inside = list(inner_layers(layer).values())
        if not inside:
            yield path, layer, caller or layer
    if type(layer) in (keras.layers.TimeDistributed, keras.layers.RNN):
        caller = caller or layer
    for inner in inside:
        yield from _walk(inner, f"{path}/{inner.name}" if path else inner.name, caller)
