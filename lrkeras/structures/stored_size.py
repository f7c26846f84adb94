"""What a layer or model stores."""

from __future__ import annotations

import dataclasses
import math

import keras

from lrkeras.structures.bytes_of import bytes_of
from lrkeras.structures.find import find_structures, outermost, stateful_layers
from lrkeras.structures.sparse import Sparse


@dataclasses.dataclass(frozen=True)
class StoredSize:
    """Size of the weights of a layer or model: the one way in which this package counts them.

    Every weight counts once, however many layers use it: tied tables, layers that are called
    twice, the projection that a group shares. Frozen weights and the statistics of normalisation
    count too; masks, random seeds, the states of stateful layers, metrics and what an optimiser
    keeps do not.

    Attributes:
        params: Numbers stored, biases and all; of sparse parts the entries at their target.
        params_now: The same with the entries of sparse parts that are kept now, which are more
            until annealing has reached the target.
        dense_params: Numbers that dense matrices would take in place of the structures.
        bytes_without_indices: Bytes of `params`, as papers count them.
        index_bytes: Bytes that say where the entries of sparse parts belong.
        bytes: The sum of these two.
        bits_per_weight: Bits of `bytes` for each of the `dense_params`: 32 for a dense float32
            layer, 3.2 for one that is ten times smaller.
    """

    params: int
    params_now: int
    dense_params: int
    bytes_without_indices: int
    index_bytes: int
    bytes: int
    bits_per_weight: float

    @classmethod
    def of(cls, layer: keras.layers.Layer, dtype: str = "float32") -> StoredSize:
        """Counts the weights of a built layer or model.

        Args:
            layer: A layer, cell, structure or model.
            dtype: Type of the matrices. Vectors and biases are float32, as in converted files.

        Raises:
            ValueError: If the type is unknown.
        """
        structures = outermost(find_structures(layer))
        plain = plain_weights(layer)
        beside = sum(math.prod(weight.shape) for weight in plain)
        vectors = sum(math.prod(weight.shape) for weight in plain if _is_vector(weight))
        values = sum(structure.num_bytes(dtype, with_indices=False) for structure in structures)
        values += bytes_of(vectors, "float32") + bytes_of(beside - vectors, dtype)
        params = beside + sum(structure.num_params for structure in structures)
        waiting = sum(p.kept_params - p.num_params for p in find_structures(layer, Sparse))
        dense = beside + sum(math.prod(structure.shape) for structure in structures)
        indices = sum(structure.index_bytes for structure in structures)
        stored = values + indices
        return cls(
            params=params,
            params_now=params + waiting,
            dense_params=dense,
            bytes_without_indices=values,
            index_bytes=indices,
            bytes=stored,
            bits_per_weight=8 * stored / max(1, dense),
        )


def count_parameters(layer: keras.layers.Layer) -> int:
    """Counts the numbers a layer or model stores now: of a sparse part, the entries kept."""
    return StoredSize.of(layer).params_now


def plain_weights(layer: keras.layers.Layer) -> list[keras.Variable]:
    """The stored weights beside the structures: dense matrices and vectors, each once."""
    outside = {id(weight) for found in find_structures(layer) for weight in found.weights}
    for inner in stateful_layers(layer):
        outside.update(id(state) for state in keras.tree.flatten(inner.states))
    return [weight for weight in layer.weights if id(weight) not in outside]


def _is_vector(weight) -> bool:
    return len(weight.shape) < 2 or "bias" in weight.name  # a GRU's bias has two rows
