"""What a model stores."""

from __future__ import annotations

import dataclasses
import math

import keras
import numpy as np

from lrkeras.structures.find import find_structures, outermost
from lrkeras.structures.sparse import Sparse


@dataclasses.dataclass(frozen=True)
class Stored:
    """Size of a model's weights.

    Attributes:
        params: Numbers, biases and all; of sparse parts those at their target density.
        bytes: In float32, with the indices of sparse parts.
        index_bytes: How many of these are indices.
    """

    params: int
    bytes: int
    index_bytes: int

    @classmethod
    def of(cls, model: keras.layers.Layer) -> Stored:
        """Counts the weights of a model or layer."""
        structures = outermost(find_structures(model))
        inside = {id(w) for s in structures for w in s.weights}
        plain = sum(math.prod(w.shape) for w in model.weights if id(w) not in inside)
        indices = sum(s.index_bytes for s in structures)
        params = plain + sum(s.num_params for s in structures)
        return cls(params, 4 * params + indices, indices)


@dataclasses.dataclass(frozen=True)
class LayerSizes:
    """Sizes of the weights of one layer in float32.

    Attributes:
        dense_params: Parameters that the layer would have with dense matrices.
        bytes_without_indices: Bytes of the numbers stored, as papers count them.
        bytes: The same with the positions of what is sparse.
        bits_per_weight: Bits stored, positions included, for each parameter of the dense layer:
            32 for a dense layer, 3.2 for one that is ten times smaller.
    """

    dense_params: int
    bytes_without_indices: int
    bytes: int
    bits_per_weight: float

    @classmethod
    def of(cls, layer: keras.layers.Layer) -> LayerSizes:
        """Measures a built layer with weights."""
        structures = outermost(find_structures(layer))
        inside = {id(weight) for structure in structures for weight in structure.weights}
        plain = sum(math.prod(w.shape) for w in layer.trainable_weights if id(w) not in inside)
        values = sum(s.num_bytes(with_indices=False) for s in structures)
        indices = sum(s.index_bytes for s in structures)
        dense = plain + sum(math.prod(s.shape) for s in structures)
        stored = 4 * plain + values + indices
        return cls(dense, 4 * plain + values, stored, 8 * stored / max(1, dense))


def count_parameters(layer: keras.layers.Layer) -> int:
    """Counts the numbers a layer or model stores: of a sparse part, the entries that are kept."""
    masked = sum(
        round(part.sparsity * float(np.prod(part.shape))) for part in find_structures(layer, Sparse)
    )
    return sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights) - masked
