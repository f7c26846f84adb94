"""The numbers a trained model stores."""

from __future__ import annotations

import keras
import numpy as np

from lrkeras import structures


def count_parameters(layer: keras.layers.Layer) -> int:
    """Counts the numbers a layer or model stores: of a sparse part, the entries that are kept."""
    masked = sum(
        round(part.sparsity * float(np.prod(part.shape)))
        for part in structures.find_structures(layer, structures.Sparse)
    )
    return sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights) - masked
