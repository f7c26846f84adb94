"""Finding the weight matrices of a model."""

from collections.abc import Iterator

import keras

from lrkeras.compression.dense_owner import DenseOwner
from lrkeras.compression.embedding_owner import EmbeddingOwner
from lrkeras.compression.matrix_owner import MatrixOwner
from lrkeras.compression.recurrent_owner import RecurrentOwner


def owner_of(layer: keras.layers.Layer, path: str = "") -> MatrixOwner | None:
    """The owner that fits a layer, or `None` for one without a matrix that we know."""
    for kind in (RecurrentOwner, DenseOwner, EmbeddingOwner):
        if kind.fits(layer):
            return kind(layer, path or layer.name)
    return None


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
