"""The graph of a functional model: its calls in Keras 2, made again in Keras 3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras

from lrkeras.legacy_h5.layer_weights import modern_name
from lrkeras.legacy_h5.tensorflow_functions import LAYERS, call_function

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
# What stands for a tensor in the place of a constant.
_CONSTANT = "_CONSTANT_VALUE"
Call = tuple[dict, int, list]


class FunctionalGraph:
    """The calls of the layers of one functional model.

    Args:
        config: Its configuration in Keras 2.
        build: Makes the layer, or the model, of an entry.
        models: The names of the layers that are models.

    Keras 2 counts the calls of a model inside a model from one: its own construction is the call
    number nought.
    """

    def __init__(
        self, config: dict[str, Any], build: Callable[[dict], Any], models: set[str]
    ) -> None:
        self._config = config
        self._build = build
        self._entries = {entry["name"]: entry for entry in config["layers"]}
        nodes = [entry["inbound_nodes"] for entry in config["layers"]]
        used = {(n, call) for n, call, _ in self._references([nodes, config["output_layers"]])}
        # A Sequential that was built late has no call number nought; then nought is used.
        self._first = {name: int((name, 0) not in used) for name in models}
        self._tensors: dict[tuple[str, int], list[Any]] = {}

    def model(self) -> keras.Model:
        """Makes the layers and calls them.

        Raises:
            ValueError: A layer cannot be called as it was, or reads what nothing computes.
        """
        layers = {}
        for name, entry in self._entries.items():
            if entry["class_name"] == "InputLayer":
                self._tensors[name, 0] = [self._build(entry).output]
            elif entry["class_name"] not in LAYERS:
                layers[name] = self._build(entry)
        waiting = [
            (entry, self._first.get(name, 0) + index, self._nodes(node))
            for name, entry in self._entries.items()
            for index, node in enumerate(entry["inbound_nodes"])
        ]
        while waiting:
            later = [call for call in waiting if not self._made(call, layers)]
            if len(later) == len(waiting):
                names = ", ".join(sorted({repr(entry["name"]) for entry, _, _ in later}))
                raise ValueError(f"The layers {names} read tensors that nothing computes.")
            waiting = later
        return keras.Model(
            self._ends(self._config["input_layers"]),
            self._ends(self._config["output_layers"]),
            name=modern_name(self._config["name"]),
            trainable=self._config.get("trainable", True),
        )

    def _nodes(self, node: list) -> list:
        return [node] if self._is_reference(node) else node

    def _made(self, call: Call, layers: dict[str, Any]) -> bool:
        """Makes a call, unless what it reads is not there yet."""
        entry, number, node = call
        needed = [reference[:2] for reference in self._references(node)]
        if any((name, index) not in self._tensors for name, index in needed if name != _CONSTANT):
            return False
        kind, name = entry["class_name"], entry["name"]
        tensors = [self._tensor(reference) for reference in node]
        given = node[0][3] if len(node[0]) > 3 else {}
        kwargs = {key: self._value(value) for key, value in given.items() if value is not None}
        if kind in RECURRENT and len(tensors) > 1:
            tensors, kwargs["initial_state"] = tensors[:1], tensors[1:]
        args = (tensors[0] if len(tensors) == 1 else tensors,)
        if kind in LAYERS:
            if kind == "TFOpLambda" and entry["config"]["function"] in ("concat", "stack"):
                args = (tensors,)
            result = call_function(entry["config"]["function"], name, args, kwargs)
        else:
            result = layers[name](*args, **kwargs)
        flat = result if isinstance(result, tuple) else keras.tree.flatten(result)
        self._tensors[name, number] = list(flat)
        if kind in LAYERS and isinstance(result, tuple) and not _is_tensors(result):
            self._tensors[name, number] = [result]  # a shape
        return True

    def _ends(self, tensors: Any) -> Any:
        """Returns the inputs or outputs of the model; a single one is not in a list."""
        if self._is_reference(tensors):
            return self._tensor(tensors)
        if isinstance(tensors, dict):
            return {key: self._ends(value) for key, value in tensors.items()}
        ends = [self._ends(tensor) for tensor in tensors]
        return ends[0] if len(ends) == 1 else ends

    def _value(self, value: Any) -> Any:
        if self._is_reference(value):
            return self._tensor(value)
        return [self._value(item) for item in value] if isinstance(value, list) else value

    def _tensor(self, reference: list) -> Any:
        name, call, output = reference[:3]
        return output if name == _CONSTANT else self._tensors[name, call][output]

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
            and isinstance(value[1], int)
            and (value[0] in self._entries or value[0] == _CONSTANT)
        )


def _is_tensors(values: tuple) -> bool:
    return all(isinstance(value, keras.KerasTensor) for value in values)
