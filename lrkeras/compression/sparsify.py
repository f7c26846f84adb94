"""Pruning in one shot."""

from lrkeras.structures import pruned_together


def sparsify(model):
    """Puts every sparse part of a model at its target density now, by magnitude.

    What `callbacks.SparsityAnnealing` does gradually during training; parts that are at their
    target stay as they are, and pooled ones are pruned together.

    Args:
        model: A built Keras model, changed in place.

    Raises:
        ValueError: If the model has no sparse part.
    """
    parts = pruned_together(model)
    if not parts:
        raise ValueError(
            f'The model "{model.name}" has no sparse part. Expected a built model with a layer '
            "whose structure is Sparse(...) or doped(...)."
        )
    for part in parts:
        if not part.is_at_target:
            part.prune()
