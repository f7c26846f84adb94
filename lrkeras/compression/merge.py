"""From structures back to plain layers."""

import keras

from lrkeras.compression.matrices.owners import owner_of
from lrkeras.model_graph.copy_model import compile_like, copy_model


def merge(model: keras.Model) -> keras.Model:
    """Makes a copy of a model whose matrices are all dense, in Keras's own layers.

    Layers that Keras does not have (RHN, LSTM with a projection) stay ours, with dense matrices.

    Args:
        model: A built model, not changed.

    Returns:
        A model with the same outputs, compiled like `model`.

    Raises:
        ValueError: If the model cannot be copied.
    """
    owners = {}

    def replace(layer):
        owner = owner_of(layer)
        if owner is None:
            return None
        owners[id(layer)] = owner
        return owner.plain()

    plain, pairs = copy_model(model, replace)
    for old, new in pairs:
        if id(old) in owners:
            owners[id(old)].copy_weights(new)
        else:
            new.set_weights(old.get_weights())
    compile_like(plain, model)
    return plain
