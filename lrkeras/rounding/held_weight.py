"""The weights of a model that can be rounded, by name."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Iterator, MutableMapping
from typing import Any

import keras

from lrkeras.model_graph.einsum_product import multiplies_last_axis
from lrkeras.model_graph.layers_of import single_layers
from lrkeras.structures import Structure, find_structures

# Smaller ones are no faster in few bits, and files store them in float.
_LEAST_SIZE = 1024
# What layers call the matrices that they multiply with, or look rows up in.
_MATRICES = ("kernel", "recurrent_kernel", "projection_kernel", "embeddings", "reverse_embeddings")


@dataclasses.dataclass(frozen=True)
class HeldWeight:
    """A weight, and where its layer keeps it.

    Attributes:
        name: `"<path of the layer>.<matrix>"`, such as `"lstm.recurrent"`, and for a factor of a
            structure also what it is called there: `"lstm.recurrent.left"`.
        variable: The variable.
        holder: The mapping that it is a value of, such as the `__dict__` of a layer.
        key: Its key there.
        owner: The layer, cell or structure that reads it from there.
        axes: The axes along which scales differ: the outputs of the product that it is in, or the
            rows of a table.
        refusal: Why it has to stay in float, or `None`.
    """

    name: str
    variable: keras.Variable
    holder: MutableMapping[str, Any]
    key: str
    owner: keras.layers.Layer
    axes: tuple[int, ...]
    refusal: str | None

    @property
    def matrix(self) -> str:
        """Name of the matrix that it is, or that it is a factor of: `"lstm.recurrent"`."""
        path, _, rest = self.name.rpartition("/")
        layer, matrix = rest.split(".")[:2]
        return f"{path}/{layer}.{matrix}" if path else f"{layer}.{matrix}"


def held_weights(model: keras.layers.Layer) -> list[HeldWeight]:
    """Every weight of two or more dimensions of a model, each once, in a fixed order."""
    found: dict[int, HeldWeight] = {}
    for path, layer, _ in single_layers(model):
        for weight in _of_layer(layer, path):
            found.setdefault(id(weight.variable), weight)
    return list(found.values())


def _of_layer(layer: keras.layers.Layer, path: str) -> Iterator[HeldWeight]:
    for owner, chain in _owners(layer, (), set()):
        for holder, key, variable in _variables(owner):
            if len(variable.shape) < 2 or "float" not in str(variable.dtype):
                continue
            names = [name for name in (*chain, _plain(key)) if name != "cell"]
            name = ".".join((path, *map(_short, names)))
            is_table = "embeddings" in names
            axes = _axes(variable, is_table)
            reason = _refusal(variable, owner, names, layer)
            yield HeldWeight(name, variable, holder, key, owner, axes, reason)


def _owners(
    layer: keras.layers.Layer, chain: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[keras.layers.Layer, tuple[str, ...]]]:
    """The layer and the layers in its attributes, with the names that lead to them."""
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield layer, chain
    # Public attributes come first: Keras keeps lists of the same layers under private names.
    for name in sorted(vars(layer), key=lambda n: (n.startswith("_"), n)):
        for place, inner in _layers_in(vars(layer)[name]):
            yield from _owners(inner, (*chain, _plain(name), *place), seen)


def _layers_in(value: Any) -> Iterator[tuple[tuple[str, ...], keras.layers.Layer]]:
    if isinstance(value, keras.layers.Layer):
        yield (), value
    elif isinstance(value, (list, tuple)):
        for place, item in enumerate(value):
            if isinstance(item, keras.layers.Layer):
                yield (str(place),), item
    elif isinstance(value, dict):
        for place, item in value.items():
            if isinstance(item, keras.layers.Layer):
                yield (str(place),), item


def _variables(
    owner: keras.layers.Layer,
) -> Iterator[tuple[MutableMapping[str, Any], str, keras.Variable]]:
    """The variables that a layer reads from its attributes, or from a plain holder there."""
    for name, value in list(vars(owner).items()):
        if isinstance(value, keras.Variable):
            yield vars(owner), name, value
        elif isinstance(value, types.SimpleNamespace):  # of the dense matrices of our cells
            for inner in vars(value).values():
                if isinstance(inner, dict):
                    for key, item in inner.items():
                        if isinstance(item, keras.Variable):
                            yield inner, key, item


def _plain(name: str) -> str:
    name = name.lstrip("_")
    for end in ("_structures", "_structure"):
        name = name.removesuffix(end)
    return name


def _axes(variable: keras.Variable, is_table: bool) -> tuple[int, ...]:
    rows, columns = variable.shape[0], variable.shape[-1]
    if is_table and rows > columns:
        return (0,)
    return (len(variable.shape) - 1,)


def _refusal(
    variable: keras.Variable, owner: keras.layers.Layer, names: list[str], layer: keras.layers.Layer
) -> str | None:
    size = math.prod(variable.shape)
    if isinstance(owner, Structure) and not owner.fits_few_bits:
        return f"files hold no product with the numbers of a {type(owner).__name__} in few bits"
    if size < _LEAST_SIZE:
        return f"too small: {size} numbers, fewer than {_LEAST_SIZE}"
    return None if _is_factor(variable, layer) else _refusal_of_matrix(variable, names[-1], layer)


def _is_factor(variable: keras.Variable, layer: keras.layers.Layer) -> bool:
    """Whether a weight is one of a structure of the layer."""
    return any(variable is w for structure in find_structures(layer) for w in structure.weights)


def _refusal_of_matrix(
    variable: keras.Variable, name: str, layer: keras.layers.Layer
) -> str | None:
    if len(variable.shape) > 2 or _kind(name) not in _MATRICES:
        return "it is no matrix that is known to be multiplied with a vector"
    if isinstance(layer, keras.layers.EinsumDense) and not multiplies_last_axis(layer):
        return "its EinsumDense is no product of the last axis with a matrix"
    return None


def _kind(name: str) -> str:
    """The name of a matrix without the number of its level, which an RHN has several of."""
    return name.rstrip("0123456789").rstrip("_")


def _short(name: str) -> str:
    """The name of a matrix as `compress` has it: `recurrent` for `recurrent_kernel`."""
    for kind in ("recurrent", "projection"):
        if name.startswith(f"{kind}_kernel"):
            return name.replace(f"{kind}_kernel", kind).replace("_", ".")
    return name
