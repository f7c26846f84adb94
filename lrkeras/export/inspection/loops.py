"""Loops over time in a file: run by the runtime, written out node by node, or fused in a kernel."""

import dataclasses
import hashlib
import math
from typing import Any

from lrkeras.export.inspection.layer_names import layer_of, layer_of_node, recurrent_kind
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.node_costs import FUSED_LAYERS, graph_macs, node_macs

# Two products with the same weights may be two uses of one layer; three in a row are a loop.
_SHORTEST = 3


@dataclasses.dataclass(frozen=True)
class WhileLoop:
    """A WHILE node: the runtime runs its body again and again, and no delegate takes it.

    Attributes:
        graph, node: Where it is.
        layer: The layer it was probably made of, or None.
        kind: `"LSTM"`, `"GRU"` or `"recurrent layer"`, by names.
        turns: How often the body runs; None where the file does not fix it.
        body_nodes: Nodes of the body.
        body_macs: Multiply-accumulates of one turn.
        macs: Those of all turns; None where these are not known.
    """

    graph: int
    node: int
    layer: str | None
    kind: str
    turns: int | None
    body_nodes: int
    body_macs: int
    macs: int | None


@dataclasses.dataclass(frozen=True)
class UnrolledLoop:
    """Nodes that were written once for each time step.

    Attributes:
        graph: The graph that they are in.
        layer: The layer they were probably made of, or None.
        steps: How often the same weights multiply what their last product led to.
        nodes: Nodes from the first of these products to the last.
        weights: Shape of the weights, (outputs, inputs).
    """

    graph: int
    layer: str | None
    steps: int
    nodes: int
    weights: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class FusedLayer:
    """A recurrent layer as one operator.

    Attributes:
        graph, node: Where it is.
        operator: Such as `"UNIDIRECTIONAL_SEQUENCE_LSTM"`.
        steps: Time steps of one run.
        macs: Multiply-accumulates of one run.
    """

    graph: int
    node: int
    operator: str
    steps: int
    macs: int


def while_loops(file: ModelFile) -> list[WhileLoop]:
    """The WHILE nodes of a file."""
    found = []
    for number, graph in enumerate(file.graphs):
        for index, op in enumerate(graph.operators):
            if graph.op_name(op) != "WHILE" or op.builtinOptions is None:
                continue
            condition = file.graphs[op.builtinOptions.condSubgraphIndex]
            body = file.graphs[op.builtinOptions.bodySubgraphIndex]
            turns, macs = _turns(graph, op, condition, body), graph_macs(body)
            names = [body.tensor_name(t) for t in range(len(body.tensors))]
            found.append(
                WhileLoop(
                    graph=number,
                    node=index,
                    layer=layer_of_node(graph, op),
                    kind=recurrent_kind(names),
                    turns=turns,
                    body_nodes=len(body.operators),
                    body_macs=macs,
                    macs=None if turns is None else turns * macs,
                )
            )
    return found


def unrolled_loops(file: ModelFile) -> list[UnrolledLoop]:
    """Chains of products with the same constant weights, each fed by the one before it.

    A layer whose gates are products of their own is one loop.
    """
    found: dict[tuple, UnrolledLoop] = {}
    for number, graph in enumerate(file.graphs):
        writers = {int(t): i for i, op in enumerate(graph.operators) for t in op.outputs}
        parents = [
            {writers[int(t)] for t in op.inputs if int(t) in writers} for op in graph.operators
        ]
        for nodes in _same_weights(graph, writers).values():
            length, first, last = _longest_chain(nodes, parents)
            if length < _SHORTEST:
                continue
            weights = graph.operators[first].inputs[1]
            loop = UnrolledLoop(
                graph=number,
                layer=_layer(graph, last),
                steps=length,
                nodes=len(_between(first, last, parents)),
                weights=graph.shape(weights),
            )
            kept = found.setdefault((number, loop.layer or first, length), loop)
            if loop.nodes > kept.nodes:
                found[number, loop.layer or first, length] = loop
    return list(found.values())


def fused_layers(file: ModelFile) -> list[FusedLayer]:
    """Recurrent layers that are one operator each."""
    return [
        FusedLayer(number, index, graph.op_name(op), _time(graph, op), node_macs(graph, op))
        for number, graph in enumerate(file.graphs)
        for index, op in enumerate(graph.operators)
        if graph.op_name(op) in FUSED_LAYERS
    ]


def _time(graph: Graph, op: Any) -> int:
    shape = graph.shape(op.inputs[0])
    if len(shape) < 3:
        return 1
    return shape[0 if getattr(op.builtinOptions, "timeMajor", False) else 1]


def _turns(graph: Graph, op: Any, condition: Graph, body: Graph) -> int | None:
    """Turns of `while (i < limit) i += step` with constants; the fewest of several such tests."""
    counts = []
    for test in condition.operators:
        name = condition.op_name(test)
        if name == "LOGICAL_AND":
            continue
        if name != "LESS":
            return None
        counts.append(_count(graph, op, condition, body, test))
    known = [count for count in counts if count is not None]
    return min(known) if known and len(known) == len(counts) else None


def _count(graph: Graph, op: Any, condition: Graph, body: Graph, test: Any) -> int | None:
    counter, limit = (int(t) for t in test.inputs)
    if counter not in condition.inputs:
        return None
    place = condition.inputs.index(counter)
    begin = _number(graph, op.inputs[place])
    end = _number(condition, limit)
    if end is None and limit in condition.inputs:
        # A limit that is carried through the loop unchanged.
        carried = condition.inputs.index(limit)
        if body.outputs[carried] == body.inputs[carried]:
            end = _number(graph, op.inputs[carried])
    written = body.producers().get(body.outputs[place])
    if begin is None or end is None or written is None or body.op_name(written) != "ADD":
        return None
    one, other = (int(t) for t in written.inputs)
    step = _number(body, other if one == body.inputs[place] else one)
    if body.inputs[place] not in (one, other) or not step or step < 0:
        return None
    return max(0, math.ceil((end - begin) / step))


def _number(graph: Graph, tensor: int) -> float | None:
    value = graph.constant(tensor)
    return float(value.ravel()[0]) if value is not None and value.size == 1 else None


def _same_weights(graph: Graph, writers: dict[int, int]) -> dict[bytes, list[int]]:
    """The products with each constant, which may be read through a DEQUANTIZE."""
    found: dict[bytes, list[int]] = {}
    for index, op in enumerate(graph.operators):
        if graph.op_name(op) not in ("FULLY_CONNECTED", "BATCH_MATMUL") or len(op.inputs) < 2:
            continue
        weights = int(op.inputs[1])
        if weights in writers and graph.op_name(graph.operators[writers[weights]]) == "DEQUANTIZE":
            weights = int(graph.operators[writers[weights]].inputs[0])
        data = graph.data(weights)
        if data is not None:
            found.setdefault(hashlib.sha256(data.tobytes()).digest(), []).append(index)
    return found


def _longest_chain(nodes: list[int], parents: list[set[int]]) -> tuple[int, int, int]:
    """Length, first and last of the longest chain of these nodes that feed each other."""
    chosen = set(nodes)
    # Of every node: the longest chain that ends at it or before it, with its ends.
    best: list[tuple[int, int, int]] = []
    for index, before in enumerate(parents):
        # A well-formed file lists nodes in the order in which they run.
        length, first, last = max(
            (best[p] for p in before if p < index), default=(0, -1, -1), key=lambda one: one[0]
        )
        if index in chosen:
            length, first, last = length + 1, first if length else index, index
        best.append((length, first, last))
    return max((best[node] for node in nodes), key=lambda one: one[0], default=(0, -1, -1))


def _between(first: int, last: int, parents: list[set[int]]) -> set[int]:
    """The nodes on any way from one node to another, with both."""
    after = {first}
    for index in range(first + 1, last + 1):
        if parents[index] & after:
            after.add(index)
    found, waiting = {last}, [last]
    while waiting:
        for parent in parents[waiting.pop()] & after - found:
            found.add(parent)
            waiting.append(parent)
    return found


def _layer(graph: Graph, node: int) -> str | None:
    names = [graph.tensor_name(t) for t in graph.operators[node].outputs]
    return next((layer for layer in map(layer_of, names) if layer is not None), None)
