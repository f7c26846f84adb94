"""What the outputs of a model mean: probabilities, logits or plain numbers."""

from typing import Any

import keras
from keras import activations, ops

from lrkeras.model_graph.layers_of import has_graph
from lrkeras.model_graph.producers import Producer, producers_of_outputs

KINDS = ("softmax", "logits", "sigmoid", "binary_logits", "values")

_OF_FUNCTION = {
    activations.softmax: "softmax",
    ops.softmax: "softmax",
    activations.log_softmax: "logits",  # logits of the same softmax
    ops.log_softmax: "logits",
    activations.sigmoid: "sigmoid",
    ops.sigmoid: "sigmoid",
    activations.linear: "linear",
}
_OF_OPERATION = {"Softmax": "softmax", "LogSoftmax": "logits", "Sigmoid": "sigmoid"}
# Operations that may stand behind an activation, where they leave the last axis as it is.
_TRANSPARENT = {"Cast", "Dropout", "ExpandDims", "Identity", "Reshape", "Squeeze"}

_CATEGORICAL = {"CategoricalCrossentropy", "SparseCategoricalCrossentropy"} | {
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "KLDivergence",
}
_BINARY = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
_VALUES = {
    "CosineSimilarity",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
}


def kind_of_output(model: keras.Model, number: int, loss: Any) -> str | None:
    """What an output of a model means.

    Args:
        model: The model. Its last operation tells, wherever it is: in an inner model, inside
            `TimeDistributed`, a layer or a function of `keras.ops`.
        number: Which output.
        loss: What the output is trained with, a loss of Keras or its name, for where the model
            does not tell: outputs without activation may be logits or plain numbers.

    Returns:
        `"softmax"`: probabilities along the last axis; `"logits"`: of a softmax; `"sigmoid"`: a
        probability each; `"binary_logits"`: of a sigmoid; `"values"`: plain numbers; `None` where
        neither the model nor the loss tells.

    Raises:
        ValueError: If the softmax runs along another axis than the last.
    """
    ending, by_loss = _ending(model, number), kind_of_loss(loss)
    if ending in KINDS:
        return ending
    if ending == "linear" and by_loss in ("softmax", "sigmoid"):
        return None  # the loss wants probabilities, which these are not
    return by_loss


def kind_of_loss(loss: Any) -> str | None:
    """What a loss takes the outputs for; `None` for a loss that is not one of Keras."""
    try:
        found = keras.losses.get(loss)
    except ValueError:
        return None
    name = type(found).__name__
    if name == "function":
        names = {_snake_case(n): n for n in (*_CATEGORICAL, *_BINARY, *_VALUES, "CTC")}
        known = keras.losses.__dict__.get(found.__name__) is found
        name = names.get(found.__name__, "") if known else ""
    elif getattr(keras.losses, name, None) is not type(found):
        return None
    logits = isinstance(found, keras.losses.Loss) and found.get_config().get("from_logits", False)
    if name in _CATEGORICAL:
        return "logits" if logits else "softmax"
    if name in _BINARY:
        return "binary_logits" if logits else "sigmoid"
    if name == "CTC":
        return "logits"
    return "values" if name in _VALUES else None


def _ending(model: keras.Model, number: int) -> str | None:
    """What the last operation says: a kind, `"linear"`, or nothing."""
    return _said_by(producers_of_outputs(model)[number]) if has_graph(model) else None


def _said_by(producer: Producer | None) -> str | None:
    if producer is None:
        return None
    operation = producer.operation
    if isinstance(operation, keras.layers.TimeDistributed):
        operation = operation.layer
    if isinstance(operation, keras.Model):
        return _ending(operation, producer.place)
    if _is_transparent(operation):
        before = producer.inputs[0] if len(producer.inputs) == 1 else None
        same = before is not None and before.shape[-1:] == producer.shape[-1:]
        return _said_by(before) if same else None
    if type(operation).__name__ in _OF_OPERATION:
        _check_axis(operation, producer)
        return _OF_OPERATION[type(operation).__name__]
    # An RNN has its activation inside.
    return None if isinstance(operation, keras.layers.RNN) else _of_activation(operation)


def _is_transparent(operation: Any) -> bool:
    if type(operation) is keras.layers.Activation:
        return operation.activation is activations.linear
    return type(operation).__name__ in _TRANSPARENT


def _of_activation(operation: Any) -> str | None:
    activation = getattr(operation, "activation", None)
    if isinstance(activation, keras.layers.Layer):
        return _OF_OPERATION.get(type(activation).__name__)
    return _OF_FUNCTION.get(activation)


def _check_axis(operation: Any, producer: Producer) -> None:
    axis = getattr(operation, "axis", -1)
    if axis not in (-1, len(producer.shape) - 1):
        raise ValueError(
            f"Expected a softmax along the last axis of the outputs, received `{operation.name}` "
            f"along axis {axis}. Permute the outputs, so that the classes come last."
        )


def _snake_case(name: str) -> str:
    """`"mean_squared_error"` for `"MeanSquaredError"`: the function of a class of losses."""
    letters = [f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name)]
    found = "".join(letters)
    return {"k_l_divergence": "kl_divergence", "c_t_c": "ctc"}.get(found, found)
