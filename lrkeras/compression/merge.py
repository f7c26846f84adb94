"""From structures back to plain layers."""

from collections.abc import Sequence

import keras

from lrkeras.compression.matrices.owners import owner_of
from lrkeras.model_graph.copy_model import compile_like, copy_model
from lrkeras.system.name_patterns import did_you_mean, is_one_of, listed


def merge(model: keras.Model, include: Sequence[str] | str | None = None) -> keras.Model:
    """Makes a copy of a model whose matrices are all dense, in Keras's own layers.

    Layers that Keras does not have (RHN, LSTM with a projection) stay ours, with dense matrices.

    Args:
        model: A built model, not changed.
        include: Name or names of layers, or shell patterns of them, such as `"lstm_0"`; the others
            stay as they are. `None`: all layers.

    Returns:
        A model with the same outputs, compiled like `model`.

    Raises:
        ValueError: If the model cannot be copied, or a name means no layer with matrices.
    """
    owners, known, patterns = {}, [], listed(include)

    def replace(layer):
        owner = owner_of(layer)
        if owner is None:
            return None
        known.append(layer.name)
        if include is not None and not any(is_one_of([layer.name], p) for p in patterns):
            return None
        owners[id(layer)] = owner
        return owner.plain()

    plain, pairs = copy_model(model, replace)
    unseen = [pattern for pattern in patterns if not is_one_of(known, pattern)]
    if unseen:
        raise ValueError(
            f"`include`: no layer with matrices is called {unseen[0]!r}."
            f"{did_you_mean(unseen[0], known)} The model has: {', '.join(dict.fromkeys(known))}."
        )
    for old, new in pairs:
        if id(old) in owners:
            owners[id(old)].copy_weights(new)
        else:
            new.set_weights(old.get_weights())
    compile_like(plain, model)
    return plain
