"""Finding the weight matrices of a model."""

import keras

from lrkeras.compression.matrices.dense_owner import DenseOwner
from lrkeras.compression.matrices.embedding_owner import EmbeddingOwner
from lrkeras.compression.matrices.matrix_owner import MatrixOwner
from lrkeras.compression.matrices.recurrent_owner import RecurrentOwner


def owner_of(layer: keras.layers.Layer, path: str = "") -> MatrixOwner | None:
    """The owner that fits a layer, or `None` for one without a matrix that we know."""
    for kind in (RecurrentOwner, DenseOwner, EmbeddingOwner):
        if kind.fits(layer):
            return kind(layer, path or layer.name)
    return None
