"""The graph of a functional model: from the lists of Keras 2 to the calls of Keras 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lrkeras.legacy_h5.layer_weights import modern_name

# Layers that Keras 2 called with a list of the input and the initial states.
RECURRENT = {
    "Bidirectional",
    "ConvLSTM2D",
    "CuDNNGRU",
    "CuDNNLSTM",
    "GRU",
    "LSTM",
    "RNN",
    "SimpleRNN",
}


class Graph:
    """The calls of the layers of one functional model.

    Args:
        layers: the entries of the layers in the configuration of Keras 2.
        outputs: its `output_layers`.
        models: the names of those that are models.
        functional: the names of those that are functional models.

    Keras 2 counts the calls of a model inside a model from one (its own construction is the call
    number nought), Keras 3 from nought; only as the output of the outer model it counts a
    functional one from one as well.
    """

    def __init__(
        self, layers: list[dict], outputs: Any, models: set[str], functional: set[str]
    ) -> None:
        self._names = {layer["name"] for layer in layers}
        self._functional = functional
        nodes = [layer["inbound_nodes"] for layer in layers]
        used = {(name, call) for name, call, _ in self._references([nodes, outputs])}
        # A Sequential that was built late has no call number nought; then nought is used.
        self._offsets = {name: int((name, 0) not in used) for name in models}

    def nodes_of(self, layer: dict) -> list[dict]:
        """Returns the calls of a layer as `args` and `kwargs`."""
        return [self._call(layer["class_name"], node) for node in layer["inbound_nodes"]]

    def ends(self, tensors: Any) -> Any:
        """Returns the inputs or outputs of the model; a single one is not in a list."""
        if self._is_reference(tensors):
            name, call, output = tensors[:3]
            call -= self._offsets.get(name, 0)
            return [modern_name(name), call + (name in self._functional), output]
        if isinstance(tensors, dict):
            return {key: self.ends(value) for key, value in tensors.items()}
        ends = [self.ends(tensor) for tensor in tensors]
        return ends[0] if len(ends) == 1 else ends

    def _call(self, class_name: str, node: list) -> dict[str, Any]:
        if self._is_reference(node):
            node = [node]
        tensors = [self._tensor(reference) for reference in node]
        given = node[0][3] if len(node[0]) > 3 else {}
        kwargs = {key: self._value(value) for key, value in given.items() if value is not None}
        if class_name in RECURRENT and len(tensors) > 1:
            tensors, kwargs["initial_state"] = tensors[:1], tensors[1:]
        return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": kwargs}

    def _value(self, value: Any) -> Any:
        if self._is_reference(value):
            return self._tensor(value)
        return [self._value(item) for item in value] if isinstance(value, list) else value

    def _tensor(self, reference: list) -> dict[str, Any]:
        name, call, output = reference[:3]
        history = [modern_name(name), call - self._offsets.get(name, 0), output]
        # Keras takes shape and type from the layer that the history names.
        config = {"shape": [None], "dtype": "float32", "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}

    def _references(self, value: Any) -> Iterator[list]:
        if self._is_reference(value):
            yield value[:3]
            value = value[3:]
        items = value.values() if isinstance(value, dict) else value
        if isinstance(value, list | dict):
            for item in items:
                yield from self._references(item)

    def _is_reference(self, value: Any) -> bool:
        """Whether it is a tensor: the name of a layer, the call, the output and perhaps more."""
        return (
            isinstance(value, list)
            and len(value) in (3, 4)
            and isinstance(value[0], str)
            and value[0] in self._names
        )
