"""Walks an ONNX graph and builds the Keras model of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

import lrkeras.importers.onnx.operators  # noqa: F401 (registers them)
from lrkeras.importers.onnx.constant_folding import fold
from lrkeras.importers.onnx.dim import Dim, Size
from lrkeras.importers.onnx.graph_inputs import GraphInput, InputPlan, keras_inputs
from lrkeras.importers.onnx.graph_outputs import GraphOutput, keras_outputs
from lrkeras.importers.onnx.node import Node
from lrkeras.importers.onnx.node_error import NodeError, RefusedNodeError
from lrkeras.importers.onnx.registry import HANDLERS, OWN_DOMAIN
from lrkeras.importers.onnx.values import Constant, Stack, Tensor, Value
from lrkeras.legacy_h5.reason_of import reason_of
from lrkeras.system.optional_imports import require


@dataclasses.dataclass
class BuiltModel:
    """A Keras model, and how it stands to the file.

    Attributes:
        model: The model.
        inputs: The inputs of the file, in order, and what they are in Keras.
        outputs: The outputs of the file, in order, and what they are in Keras.
        used: What was read of each recurrent node.
        rows: By the name of an input of numbers, how many rows the table has that they are of, or
            how many steps a sequence has.
        lengths: By the name of an input of lengths, how many steps the sequences have.
        casts: The types, other than float32, that nodes cast to, by the names of the nodes.
    """

    model: keras.Model
    inputs: list[GraphInput]
    outputs: list[GraphOutput]
    used: dict[str, set[str]]
    rows: dict[str, Size]
    lengths: dict[str, Size]
    casts: dict[str, str]


class GraphBuilder:
    """Builds one Keras model of an ONNX graph.

    Args:
        proto: The checked `onnx.ModelProto`.
        plan: Which axes of the inputs are the batch and time.
        used: What an earlier build read of each recurrent node; None at the first.
        name: The model's name.
    """

    def __init__(self, proto: Any, plan: InputPlan, used: dict[str, set[str]] | None, name: str):
        self.proto, self.plan = proto, plan
        self.graph = proto.graph
        self.opset = next((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), 1)
        self.batch: Size = plan.batch
        self.known_use = used
        self.used: dict[str, set[str]] = {}
        self.rows: dict[str, Size] = {}
        self.lengths: dict[str, Size] = {}
        self.casts: dict[str, str] = {}
        self.values: dict[str, Value] = {}
        self.pads: dict[str, tuple[Tensor, list[tuple[int, int]]]] = {}
        self.nodes = _live_nodes(self.graph)
        self.consumers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name_ in dict.fromkeys(node.inputs):
                self.consumers.setdefault(name_, []).append(node)
        self.producers = {output: node for node in self.nodes for output in node.outputs}
        self.output_names = [value.name for value in self.graph.output]
        self._model_name = name
        self._taken: set[str] = set()

    def build(self) -> BuiltModel:
        """Makes the model.

        Raises:
            ValueError: If a node cannot be imported.
            AxesMismatchError: If an input was given the wrong batch axis.
        """
        helper = require("onnx.numpy_helper", "onnx")
        for tensor in self.graph.initializer:
            self.values[tensor.name] = Constant.of(helper.to_array(tensor))
        inputs = keras_inputs(self)
        self._taken.update(t.name for item in inputs for t in item.tensors)
        for node in self.nodes:
            self._run(node)
        outputs = keras_outputs(self)
        model = keras.Model(
            _alone([tensor for item in inputs for tensor in item.tensors]),
            _alone([tensor for item in outputs for tensor in item.tensors]),
            name=self._model_name,
        )
        return BuiltModel(model, inputs, outputs, self.used, self.rows, self.lengths, self.casts)

    def _run(self, node: Node) -> None:
        if all(name in self.values for name in node.outputs if name):
            return  # done together with the node before it
        if node.proto.domain not in ("", "ai.onnx", OWN_DOMAIN):
            raise RefusedNodeError(node, f"it belongs to the domain {node.proto.domain!r}.")
        results: Any = None
        values = [self.values.get(name) for name in node.inputs]
        if all(
            isinstance(v, Constant) for v, name in zip(values, node.inputs, strict=True) if name
        ):
            results = fold(node, values, self.opset)
        if results is None:
            results = self._handled(node)
        if not isinstance(results, (list, tuple)):
            results = [results]
        for name, value in zip(node.outputs, results, strict=False):
            if name and value is not None:
                self.values[name] = value

    def _handled(self, node: Node) -> Any:
        handler = HANDLERS.get(node.op)
        if handler is None:
            raise NodeError(node, "there is no Keras layer for it here.")
        try:
            return handler(self, node)
        except NodeError:  # of a branch inside
            raise
        except (TypeError, LookupError, RuntimeError, ValueError) as error:
            raise NodeError(node, reason_of(error).rstrip(".") + ".") from error

    def inline(self, graph: Any) -> list[Value]:
        """Runs the nodes of a branch, and gives what it returns."""
        helper = require("onnx.numpy_helper", "onnx")
        for tensor in graph.initializer:
            self.values[tensor.name] = Constant.of(helper.to_array(tensor))
        for proto in graph.node:
            self._run(Node(proto))
        return [self.values[output.name] for output in graph.output]

    def raw(self, node: Node, place: int) -> Value | None:
        """What an input is, or None if it is absent."""
        return self.values[node.inputs[place]] if node.has(place) else None

    def value(self, node: Node, place: int) -> Tensor | Constant | None:
        """What an input is, with states of several layers as one tensor."""
        value = self.raw(node, place)
        return value.joined(self.batch) if isinstance(value, Stack) else value

    def tensor(self, node: Node, place: int) -> Tensor:
        """An input that is computed."""
        value = self.value(node, place)
        if not isinstance(value, Tensor):
            raise RefusedNodeError(node, f"its input {node.inputs[place]!r} is a constant.")
        return value

    def constant(self, node: Node, place: int, default: Any = None) -> Any:
        """An input that must be constant, as an array; `default` where it is absent."""
        value = self.raw(node, place)
        if value is None:
            return default
        if not isinstance(value, Constant) or any(isinstance(d, Dim) for d in value.dims):
            raise RefusedNodeError(
                node, f"its input {node.inputs[place]!r} is computed, where a constant is expected."
            )
        return value.array

    def numbers(self, node: Node, place: int, name: str) -> Any:
        """A list that is a constant input, or an attribute in older versions of the operator."""
        return list(self.constant(node, place)) if node.has(place) else node.attribute(name)

    def sole_reader(self, name: str, *ops: str) -> Node | None:
        """The only node that reads a value, if it is one of these operators."""
        readers = self.consumers.get(name, [])
        if len(readers) != 1 or name in self.output_names or readers[0].op not in ops:
            return None
        return readers[0]

    def name(self, node: Node) -> str | None:
        """A free name for the layer that a node becomes."""
        base = node.layer_name()
        if not base:
            return None
        free, count = base, 1
        while free in self._taken:
            free, count = f"{base}_{count}", count + 1
        self._taken.add(free)
        return free

    def reader(self, node: Node, what: str, tensor: Any) -> Callable[[], Any]:
        """A function that gives a result of a recurrent node and notes that it was read."""

        def read() -> Any:
            self.used.setdefault(node.outputs[0] or node.outputs[-1], set()).add(what)
            return tensor

        return read

    def note_cast(self, node: Node, dtype: str) -> None:
        """Notes that a node casts to a type in place of which the model has float32."""
        self.casts[node.name or node.outputs[0]] = dtype

    def note_rows(self, name: str, rows: Size) -> None:
        """Notes that the inputs from which numbers come are of so many rows, or of open steps."""
        if name in self.producers:
            for source in self.producers[name].inputs:
                self.note_rows(source, rows)
        elif not isinstance(self.values.get(name), Constant):
            known = self.rows.get(name, rows)
            if isinstance(rows, Dim) or isinstance(known, Dim):
                self.rows[name] = rows if isinstance(rows, Dim) else known
            else:
                self.rows[name] = min(rows, known)

    def note_lengths(self, name: str, steps: Size) -> None:
        """Notes that an input, if it is one, has the lengths of sequences of so many steps."""
        node = self.producers.get(name)
        if node is not None and node.op in ("Cast", "Identity"):
            self.note_lengths(node.inputs[0], steps)
        elif node is None and not isinstance(self.values.get(name), Constant):
            self.lengths[name] = steps


def _alone(tensors: list[Any]) -> Any:
    """A list, or what is in it where that is one thing."""
    return tensors[0] if len(tensors) == 1 else tensors


def _live_nodes(graph: Any) -> list[Node]:
    """The nodes that an output depends on, in order."""
    needed = {value.name for value in graph.output}
    live = []
    for proto in reversed(graph.node):
        if needed & set(proto.output):
            needed.update(proto.input)
            live.append(Node(proto))
    return live[::-1]
