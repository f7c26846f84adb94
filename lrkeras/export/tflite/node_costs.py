"""What one node of a .tflite graph multiplies and reads."""

import math
from typing import Any

from lrkeras.export.tflite.graph import Graph

# Which dimensions of a filter each result takes a product with.
_CONVOLUTIONS = {"CONV_2D": slice(1, None), "DEPTHWISE_CONV_2D": slice(1, 3)}
# Recurrent layers that are one operator.
FUSED_LAYERS = frozenset(
    f"{direction}{cell}"
    for direction in ("", "UNIDIRECTIONAL_SEQUENCE_", "BIDIRECTIONAL_SEQUENCE_")
    for cell in ("LSTM", "RNN")
)


def node_macs(graph: Graph, op: Any) -> int:
    """Multiply-accumulates of one run of a node, with those of the graphs that it calls.

    Counted for products of matrices and for convolutions; 0 for everything else. Of a sparse
    filter the stored values count. Of an IF the branch with more of them counts; of a WHILE one
    turn of the loop, whose number of turns the file does not say.
    """
    name = graph.op_name(op)
    if name == "FULLY_CONNECTED":
        outputs, *others = graph.shape(op.inputs[1])
        columns = math.prod(others)
        rows = math.prod(graph.shape(op.outputs[0])) // max(1, outputs)
        return rows * (_stored(graph, op.inputs[1]) or outputs * columns)
    if name == "BATCH_MATMUL":
        shared = graph.shape(op.inputs[0])[-2 if getattr(op.builtinOptions, "adjX", False) else -1]
        return math.prod(graph.shape(op.outputs[0])) * shared
    if name in _CONVOLUTIONS:
        window = graph.shape(op.inputs[1])[_CONVOLUTIONS[name]]
        return math.prod(graph.shape(op.outputs[0])) * math.prod(window)
    if name == "TRANSPOSE_CONV":
        return math.prod(graph.shape(op.inputs[2])) * math.prod(graph.shape(op.inputs[1])[:3])
    if name in FUSED_LAYERS:
        # Every matrix of a fused layer multiplies once in each time step of each sequence.
        rows = math.prod(graph.shape(op.inputs[0])[:-1])
        matrices = [graph.shape(t) for t in op.inputs[1:] if t >= 0 and graph.data(t) is not None]
        return rows * sum(math.prod(shape) for shape in matrices if len(shape) == 2)
    return sum(max(map(graph_macs, alternatives)) for alternatives in _called(graph, op))


def graph_macs(graph: Graph) -> int:
    """Multiply-accumulates of one run of a graph; see `node_macs`."""
    return sum(node_macs(graph, op) for op in graph.operators)


def node_bytes(graph: Graph, op: Any) -> int:
    """Bytes of the constants that a node reads, with the indices of sparse ones.

    Those inside the graphs that it calls belong to the nodes there.
    """
    return sum(_constant_bytes(graph, int(tensor)) for tensor in set(op.inputs) if tensor >= 0)


def _called(graph: Graph, op: Any) -> list[list[Graph]]:
    """The graphs that a node runs, each with those that may run in its place."""
    name, graphs = graph.op_name(op), graph.file.graphs
    if name == "IF":
        options = op.builtinOptions
        return [[graphs[options.thenSubgraphIndex], graphs[options.elseSubgraphIndex]]]
    if name == "WHILE":
        options = op.builtinOptions
        return [[graphs[options.condSubgraphIndex]], [graphs[options.bodySubgraphIndex]]]
    return []


def _constant_bytes(graph: Graph, tensor: int) -> int:
    data = graph.data(tensor)
    return 0 if data is None else len(data) + _index_bytes(graph.tensors[tensor].sparsity)


def _index_bytes(sparsity: Any) -> int:
    if sparsity is None:
        return 0
    vectors = [v for d in sparsity.dimMetadata for v in (d.arraySegments, d.arrayIndices)]
    arrays = [v.values for v in vectors if v is not None and v.values is not None]
    return sum(getattr(array, "nbytes", 4 * len(array)) for array in arrays)


def _stored(graph: Graph, tensor: int) -> int | None:
    """Number of values that a sparse constant stores; None for any other tensor."""
    described, data = graph.tensors[int(tensor)], graph.data(tensor)
    if described.sparsity is None or data is None:
        return None
    kinds = graph.file.schema.TensorType
    return len(data) // {kinds.FLOAT32: 4, kinds.FLOAT16: 2}.get(described.type, 1)
