"""Training with rounded weights."""

from collections.abc import Sequence

import keras

from lrkeras.model_graph.copy_model import compile_like
from lrkeras.rounding.held_weight import HeldWeight, held_weights
from lrkeras.rounding.least_squares import largest_integer
from lrkeras.rounding.rounded_copy import rounded_copy
from lrkeras.rounding.rounded_model import RoundedModel
from lrkeras.saving import check_finite
from lrkeras.system.name_patterns import did_you_mean, is_one_of, listed

Patterns = Sequence[str] | str | None


def quantize_aware(
    model: keras.Model,
    bits: int = 4,
    include: Patterns = None,
    exclude: Patterns = None,
) -> RoundedModel:
    """Makes a copy of a model that trains with rounded weights.

    The matrices of recurrent layers (Keras's, those of `lrkeras.layers`, and cells such as
    `CIFGCell`), of Dense layers and the tables of Embedding layers, tied to an output layer or
    not, are rounded to integers of a few bits times a scale for each output, or for each row of a
    table. Of a structure its factors are rounded. The scales are those of the least squared error
    for the weights as they are now, and stay. Gradients pass to the weights that are not rounded
    (`lrkeras.rounding.straight_through`), so that `fit` finds weights whose rounded values are
    good; some hundred batches at a tenth of the usual rate are enough for a trained model.

    The copy is a Functional model with the layers and the names of the model, compiled like it. It
    is saved, loaded and resumed like any other, and `lrkeras.convert(copy, path,
    quantize="int4")` stores exactly the values that it computes with. A layer called by itself has
    the weights that are not rounded.

    What stays as it is: biases and matrices of fewer than 1,024 numbers; convolutions; and sparse,
    Kronecker, Monarch and Toeplitz-like factors, which files do not multiply with in four bits.

    Args:
        model: A built Sequential or Functional model, not changed.
        bits: 4 or 8.
        include: Pattern or patterns of names as in `compress`, such as `"lstm*.recurrent"` or
            `"embedding"`; other matrices are left alone.
        exclude: Pattern or patterns of matrices to leave alone.

    Raises:
        ValueError: If the bits are unknown, a pattern means no matrix, nothing is left to round, or
            the model cannot be copied or has weights that are not finite.

    Example:
    >>> tuned = quantize_aware(model, bits=4)
    >>> tuned.fit(x, y, epochs=1)
    >>> convert(tuned, "model.tflite", quantize="int4")
    """
    largest_integer(bits)
    if not isinstance(model, keras.Model):
        raise ValueError(f"Expected a keras.Model, received {type(model).__name__}.")
    if isinstance(model, RoundedModel):
        raise ValueError(
            f"Expected a model with ordinary weights, received `{model.name}`, whose weights are "
            f"rounded to {model.bits} bits already. Give the model that it was made from."
        )
    check_finite(model)
    weights = held_weights(model)
    known = [weight for weight in weights if weight.refusal is None]
    for argument, patterns in (("include", include), ("exclude", exclude)):
        _check_patterns(listed(patterns), weights, argument)
    chosen = [
        weight.name
        for weight in known
        if (include is None or _is_meant(weight, listed(include)))
        and not _is_meant(weight, listed(exclude))
    ]
    if not chosen:
        raise ValueError(_nothing_to_round(model, weights))
    copy = rounded_copy(model, bits, chosen)
    compile_like(copy, model)
    return copy


def _is_meant(weight: HeldWeight, patterns: Sequence[str]) -> bool:
    """Whether a pattern means a weight: its name, matrix or layer, with or without the path."""
    path, _, role = weight.matrix.rpartition(".")
    short = path.rpartition("/")[2]
    names = (weight.name, weight.matrix, path, f"{short}.{role}", short, path.partition("/")[0])
    return any(is_one_of(names, pattern) for pattern in patterns)


def _check_patterns(patterns: Sequence[str], weights: Sequence[HeldWeight], argument: str) -> None:
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ValueError(f"`{argument}` expects patterns (strings), received {pattern!r}.")
        meant = [weight for weight in weights if _is_meant(weight, [pattern])]
        if any(weight.refusal is None for weight in meant):
            continue
        names = list(dict.fromkeys(w.matrix for w in weights if w.refusal is None))
        if meant:
            reasons = "; ".join(f"{weight.name}: {weight.refusal}" for weight in meant)
            raise ValueError(f"`{argument}`: nothing in {pattern!r} can be rounded. {reasons}.")
        raise ValueError(
            f"`{argument}`: no matrix is called {pattern!r}.{did_you_mean(pattern, names)} The "
            f"model has: {', '.join(names)}."
        )


def _nothing_to_round(model: keras.Model, weights: Sequence[HeldWeight]) -> str:
    reasons = "; ".join(f"{weight.name}: {weight.refusal or 'left out'}" for weight in weights)
    return (
        f"The model `{model.name}` has nothing to round. Expected a matrix of a recurrent, Dense "
        f"or Embedding layer, received {reasons or 'no weights'}."
    )
