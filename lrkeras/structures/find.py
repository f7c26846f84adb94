"""Finding the layers and structures inside a model."""

from collections.abc import Iterator

import keras

from lrkeras.structures.structure import Structure


def layers_inside(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """A layer or model and every layer inside it, each once, in a fixed order.

    Layers sit in attributes, and in lists and dicts there: inner models, wrapped layers, cells,
    parts of structures.
    """
    seen = set()
    waiting = [layer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(reversed(value.values()))
        elif isinstance(value, (list, tuple)):
            waiting.extend(reversed(value))
        elif isinstance(value, keras.layers.Layer) and id(value) not in seen:
            seen.add(id(value))
            yield value
            attributes = vars(value)
            waiting.extend(attributes[name] for name in sorted(attributes, reverse=True))


def stateful_layers(model: keras.layers.Layer) -> list[keras.layers.RNN]:
    """The recurrent layers inside a model that remember their states from batch to batch."""
    layers = layers_inside(model)
    return [found for found in layers if isinstance(found, keras.layers.RNN) and found.stateful]


def find_structures(model, kind=Structure):
    """Built structures of a class anywhere inside a model or layer, in a fixed order.

    Args:
        model: A `keras.Model` or any layer.
        kind: `Structure`, one of its classes, or a tuple of them.

    Returns:
        List without repetitions.
    """
    return [found for found in layers_inside(model) if isinstance(found, kind) and found.built]


def outermost(structures):
    """Those of some structures that are not part of another one of them, in order."""
    inner = {id(part) for s in structures for part in s.flatten() if part is not s}
    return [s for s in structures if id(s) not in inner]
