"""From an ordinary model to one with rounded weights, and back."""

from collections.abc import Sequence

import keras

from lrkeras.model_graph.copy_model import copy_model
from lrkeras.model_graph.layers_of import has_graph
from lrkeras.rounding.held_weight import held_weights
from lrkeras.rounding.rounded_model import RoundedModel


def rounded_copy(model: keras.Model, bits: int, names: Sequence[str] | None = None) -> RoundedModel:
    """Copies a model, and rounds weights with the scales of the least squared error.

    Args:
        model: A built Sequential or Functional model; it is not changed.
        bits: 4 or 8.
        names: Of the weights to round, as `held_weights` gives them for the model; `None`: all
            that can be.

    Returns:
        The copy, not compiled.

    Raises:
        ValueError: If the model has no graph of layers, or a layer cannot be copied.
    """
    if not has_graph(model):
        raise ValueError(
            f"Expected a built Sequential or Functional model, received `{model.name}` "
            f"({type(model).__name__}). Make it a layer of one: "
            "`inputs = keras.Input(...); keras.Model(inputs, model(inputs))`."
        )
    numbers = [
        number
        for number, weight in enumerate(held_weights(model))
        if (weight.refusal is None if names is None else weight.name in names)
    ]
    copy = _copy_with_weights(model)
    single = isinstance(copy, keras.Sequential)
    inputs, outputs = (copy.inputs[0], copy.outputs[0]) if single else (copy.input, copy.output)
    rounded = RoundedModel(inputs, outputs, name=model.name, bits=bits, rounded=numbers)
    rounded.fit_scales()
    return rounded


def plain_copy(model: RoundedModel) -> keras.Model:
    """Copies a model with rounded weights as an ordinary one whose weights are the rounded ones.

    Both give the same outputs.
    """
    source = keras.Model(model.input, model.output, name=model.name)
    copy = _copy_with_weights(source)
    rounded = model.rounded_weights()
    for old, new in zip(held_weights(source), held_weights(copy), strict=True):
        if old.name in rounded:
            new.variable.assign(rounded[old.name].dense())
    return copy


def _copy_with_weights(model: keras.Model) -> keras.Model:
    copy, pairs = copy_model(model, lambda layer: None)
    for old, new in pairs:
        new.set_weights(old.get_weights())
    return copy
