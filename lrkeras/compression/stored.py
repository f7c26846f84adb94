"""What a model stores."""

import dataclasses
import math

import keras

from lrkeras.structures import find_structures, outermost


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
    def of(cls, model: keras.layers.Layer) -> "Stored":
        """Counts the weights of a model or layer."""
        structures = outermost(find_structures(model))
        inside = {id(w) for s in structures for w in s.weights}
        plain = sum(math.prod(w.shape) for w in model.weights if id(w) not in inside)
        indices = sum(s.index_bytes for s in structures)
        params = plain + sum(s.num_params for s in structures)
        return cls(params, 4 * params + indices, indices)
