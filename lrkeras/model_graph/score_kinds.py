"""What the outputs of a model are: probabilities, their logarithms, or scores before a softmax."""

from typing import Any

import keras

# Layers that hand on what they get.
_PASSING = (keras.layers.Identity, keras.layers.Reshape, keras.layers.Dropout)
_BY_NAME = {
    "softmax": "probabilities",
    "sigmoid": "probabilities",
    "log_softmax": "log_probabilities",
}
_BY_CLASS = {
    "Softmax": "probabilities",
    "Sigmoid": "probabilities",
    "LogSoftmax": "log_probabilities",
}


def score_kinds(model: keras.Model) -> list[str]:
    """`"probabilities"`, `"log_probabilities"` or `"logits"` for each output of a model.

    What ends in no softmax and no sigmoid is taken for logits.
    """
    return [_kind(tensor) for tensor in model.outputs]


def _kind(tensor: Any) -> str:
    operation, index, _ = tensor._keras_history
    if isinstance(operation, _PASSING):
        return _kind(operation._inbound_nodes[index].input_tensors[0])
    if isinstance(operation, keras.layers.TimeDistributed):
        operation = operation.layer
    if isinstance(operation, keras.Model):
        return _kind(operation.outputs[0])
    activation = getattr(getattr(operation, "activation", None), "__name__", "")
    return _BY_NAME.get(activation) or _BY_CLASS.get(type(operation).__name__, "logits")
