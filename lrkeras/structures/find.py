"""Finding the structures inside a model."""

import keras

from lrkeras.structures.structure import Structure


def find_structures(model, kind=Structure):
    """Built structures of a class anywhere inside a model or layer, in a fixed order.

    Args:
        model: A `keras.Model` or any layer.
        kind: `Structure`, one of its classes, or a tuple of them.

    Returns:
        List without repetitions.
    """
    found, seen = [], set()

    def visit(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, (list, tuple)):
            for item in value:
                visit(item)
        elif isinstance(value, keras.layers.Layer) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, kind) and value.built:
                found.append(value)
            # Layers sit in attributes: cells, wrapped layers, parts of structures.
            for name in sorted(vars(value)):
                visit(vars(value)[name])

    visit(model)
    return found


def outermost(structures):
    """Those of some structures that are not part of another one of them, in order."""
    inner = {id(part) for s in structures for part in s.flatten() if part is not s}
    return [s for s in structures if id(s) not in inner]
