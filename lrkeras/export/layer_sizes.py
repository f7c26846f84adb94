"""How small the weights of a layer are."""

import dataclasses
import math

import keras

from lrkeras.structures import find_structures, outermost


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
    def of(cls, layer: keras.layers.Layer) -> "LayerSizes":
        """Measures a built layer with weights."""
        structures = outermost(find_structures(layer))
        inside = {id(weight) for structure in structures for weight in structure.weights}
        plain = sum(math.prod(w.shape) for w in layer.trainable_weights if id(w) not in inside)
        values = sum(s.num_bytes(with_indices=False) for s in structures)
        indices = sum(s.index_bytes for s in structures)
        dense = plain + sum(math.prod(s.shape) for s in structures)
        stored = 4 * plain + values + indices
        return cls(dense, 4 * plain + values, stored, 8 * stored / max(1, dense))
