"""Inputs, outputs and states of the signatures of a file."""

import dataclasses
from typing import Any

from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.node_costs import FUSED_LAYERS

# Operators with inputs that the runtime keeps from call to call.
_FUSED = FUSED_LAYERS | {"SVDF"}


@dataclasses.dataclass(frozen=True)
class Ends:
    """What one signature, or a graph without one, takes and gives.

    Attributes:
        inputs, outputs: The type and shape of each, such as `"float32 (1, None, 8)"`, by name;
            None stands for a size that may be anything.
    """

    inputs: dict[str, str]
    outputs: dict[str, str]


@dataclasses.dataclass(frozen=True)
class State:
    """What a file carries from one call to the next.

    Attributes:
        name: Of the tensor or the variable.
        kind: `"explicit"`: an input and an output of one name and shape, which the caller carries.
            `"possible"`: an input and an output of one shape in a file without such names.
            `"variable"`: held by the runtime, reset by `reset_all_variables` or by a new
            interpreter. `"fused"`: a variable tensor inside a fused recurrent kernel.
        tensor: Its type and shape.
        signature: Of an explicit or possible state: where it is; None without signatures.
        output: Of a possible state: the output that goes back in.
    """

    name: str
    kind: str
    tensor: str
    signature: str | None = None
    output: str | None = None


def ends_of(graph: Graph, signature: str | None) -> Ends:
    """The inputs and outputs of a graph, by their names in a signature if it has one."""
    if signature is None:
        tensors = [[(label_of(graph, t), t) for t in end] for end in (graph.inputs, graph.outputs)]
    else:
        found = next(s for s in graph.signatures() if s.signatureKey.decode() == signature)
        tensors = [
            [(end.name.decode(), end.tensorIndex) for end in ends or []]
            for ends in (found.inputs, found.outputs)
        ]
    given, got = ({name: describe_tensor(graph, t) for name, t in end} for end in tensors)
    return Ends(given, got)


def label_of(graph: Graph, tensor: int) -> str:
    """The name of a tensor, or its number where a file has no names or several of one name."""
    name = graph.tensor_name(tensor)
    ends = [graph.tensor_name(t) for t in {*graph.inputs, *graph.outputs}]
    return name if name and ends.count(name) < 2 else f"{name} (tensor {int(tensor)})".strip()


def describe_tensor(graph: Graph, tensor: int) -> str:
    """Type and shape of a tensor, such as `"float32 (1, None, 8)"`."""
    described = graph.tensors[int(tensor)]
    shape: tuple[int | None, ...] = graph.shape(tensor)
    if described.shapeSignature is not None and len(described.shapeSignature) == len(shape):
        shape = tuple(None if size < 0 else int(size) for size in described.shapeSignature)
    return f"{graph.file.type_name(described.type)} {shape}"


def states_of(file: ModelFile, signatures: dict[str | None, int]) -> list[State]:
    """All states of a file.

    Args:
        file: The file.
        signatures: The graph of each signature, as `signature_graphs` gives it.
    """
    carried = [s for name, graph in signatures.items() for s in _carried(file.graphs[graph], name)]
    return [*carried, *_variables(file), *_fused(file)]


def _carried(graph: Graph, signature: str | None) -> list[State]:
    ends = ends_of(graph, signature)
    same = [n for n, tensor in ends.inputs.items() if ends.outputs.get(n) == tensor]
    if same:
        return [State(n, "explicit", ends.inputs[n], signature) for n in same]
    pairs = []
    for name, tensor in ends.inputs.items():
        alike = [out for out, other in ends.outputs.items() if other == tensor]
        twins = [n for n, other in ends.inputs.items() if other == tensor]
        if len(alike) == len(twins) == 1 and len(ends.inputs) > 1 and len(ends.outputs) > 1:
            pairs.append(State(name, "possible", tensor, signature, output=alike[0]))
    return pairs


def _variables(file: ModelFile) -> list[State]:
    found: dict[str, State] = {}
    for graph in file.graphs:
        handles = {
            int(op.outputs[0]): getattr(op.builtinOptions, "sharedName", None)
            for op in graph.operators
            if graph.op_name(op) == "VAR_HANDLE"
        }
        for op in graph.operators:
            if (
                graph.op_name(op) in ("READ_VARIABLE", "ASSIGN_VARIABLE")
                and op.inputs[0] in handles
            ):
                handle = int(op.inputs[0])
                value = op.outputs[0] if graph.op_name(op) == "READ_VARIABLE" else op.inputs[1]
                name = (handles[handle] or graph.tensor_name(handle).encode()).decode()
                found.setdefault(name, State(name, "variable", describe_tensor(graph, value)))
    return list(found.values())


def _fused(file: ModelFile) -> list[State]:
    return [
        State(label_of(graph, t), "fused", describe_tensor(graph, t))
        for graph in file.graphs
        for op in graph.operators
        if graph.op_name(op) in _FUSED
        for t in dict.fromkeys(_real(op))
        if graph.tensors[t].isVariable
    ]


def _real(op: Any) -> list[int]:
    return [int(t) for t in op.inputs if t >= 0]
