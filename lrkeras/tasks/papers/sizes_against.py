"""What compressed layers store, against dense ones."""

from __future__ import annotations

from collections.abc import Iterable

import keras

from lrkeras.structures.stored_size import StoredSize


def sizes_against(dense: int, layers: Iterable[keras.layers.Layer]) -> dict:
    """What layers store, and how many times less that is than a number of dense parameters.

    The papers' compression counts numbers, biases among them, and no indices; `..._with_indices`
    counts bytes of float32 numbers and of the positions of what is sparse.

    Args:
        dense: the parameters of the dense layers.
        layers: those of a row.
    """
    sizes = [StoredSize.of(layer) for layer in layers]
    numbers = sum(size.params_now for size in sizes)
    index = sum(size.index_bytes for size in sizes)
    return {
        "parameters": numbers,
        "index_bytes": index,
        "dense_parameters": dense,
        "compression": dense / numbers,
        "compression_with_indices": 4 * dense / (4 * numbers + index),
    }
