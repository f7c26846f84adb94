"""Why XNNPACK leaves a node to the runtime: found by asking it again about changed nodes."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from lrkeras.export.delegates.delegated_nodes import delegated_nodes, interpreter_of
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.sparse_hazards import pad_sparse
from lrkeras.system.optional_imports import require

# Only to word the answer: of these XNNPACK takes some nodes.
_NAMES = """
ABS ADD AVERAGE_POOL_2D BATCH_MATMUL BROADCAST_TO CEIL CONCATENATION CONV_2D COS
DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV ELU EXP EXPAND_DIMS FLOOR
FULLY_CONNECTED GELU HARD_SWISH LEAKY_RELU LOG LOGISTIC MAXIMUM MAX_POOL_2D MEAN MINIMUM
MUL NEG PAD PRELU QUANTIZE RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR
ROUND RSQRT SIGN SIN SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SQRT SQUARE SQUARED_DIFFERENCE
STRIDED_SLICE SUB SUM TANH TRANSPOSE TRANSPOSE_CONV
"""
_SOMETIMES = frozenset(_NAMES.split())
_NEVER = {
    "CUSTOM": "a custom operator",
    "UNKNOWN": "an operator of a later version of the format",
    **dict.fromkeys(("WHILE", "IF", "CALL"), "control flow stays with the runtime"),
}


def refusal_reason(graph: Graph, op: Any, *, loaded: bool = True) -> str:
    """Says why XNNPACK does not run a node.

    The node is put into a model of its own, and changed one thing at a time (its fused
    activation, the sparsity of its filter, its number type, ...) until the runtime hands it to
    XNNPACK: what had to change is the reason.

    Args:
        graph: A graph.
        op: One of its nodes, which XNNPACK has not taken.
        loaded: Whether the runtime could load the graph.
    """
    name = graph.op_name(op)
    known = next((reason for start, reason in _NEVER.items() if name.startswith(start)), None)
    if known is not None:
        return known
    alone = _alone(graph, op)
    if _is_taken(_only_graph(alone)):
        rest = "but not in this graph" if loaded else "the runtime cannot load this graph by itself"
        return f"XNNPACK takes this node alone, {rest}"
    possible = [change for change in _CHANGES if change(_only_graph(alone))]
    for count in range(1, len(possible) + 1):
        for changes in itertools.combinations(possible, count):
            changed = _only_graph(alone)
            reasons = [change(changed) for change in changes]
            if _is_taken(changed):
                return " and ".join(reasons)
    if name not in _SOMETIMES:
        return f"{name} is not in XNNPACK's list of operators"
    types = _types(graph, [graph.tensors[int(t)] for t in op.inputs if t >= 0])
    version = graph.file.op_version(op)
    return f"XNNPACK takes other {name} nodes, not this one ({types}, version {version})"


def _only_graph(data: bytes) -> Graph:
    return ModelFile(data).graphs[0]


def _alone(graph: Graph, op: Any) -> bytes:
    """A model of one node; what the node reads and is not constant becomes an input."""
    file = graph.file
    schema, flatbuffers = file.schema, require("flatbuffers")
    numbers = list(dict.fromkeys(int(t) for t in (*op.inputs, *op.outputs) if t >= 0))
    places = {-1: -1, **{old: new for new, old in enumerate(numbers)}}
    buffers, tensors = [schema.BufferT()], []
    for number in numbers:
        source = graph.tensors[number]
        tensor = schema.TensorT()
        vars(tensor).update(vars(source))
        tensor.buffer, tensor.isVariable = 0, False
        if graph.data(number) is not None:
            buffers.append(file.model.buffers[source.buffer])
            tensor.buffer = len(buffers) - 1
        tensors.append(tensor)
    node = schema.OperatorT()
    vars(node).update(vars(op))
    node.opcodeIndex, node.intermediates = 0, None
    node.inputs = np.array([places[int(t)] for t in op.inputs], np.int32)
    node.outputs = np.array([places[int(t)] for t in op.outputs], np.int32)
    part = schema.SubGraphT()
    part.tensors, part.operators, part.outputs = tensors, [node], node.outputs
    read = [int(t) for t in dict.fromkeys(node.inputs) if t >= 0 and not tensors[t].buffer]
    part.inputs = np.array(read, np.int32)
    model = schema.ModelT()
    model.version, model.buffers, model.subgraphs = 3, buffers, [part]
    model.operatorCodes = [file.model.operatorCodes[op.opcodeIndex]]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _is_taken(graph: Graph) -> bool:
    pad_sparse(graph.file)
    try:
        return bool(delegated_nodes(graph, interpreter_of(graph.file.to_bytes())))
    except ValueError:
        return False  # the change made no sense for this node


def _plain_activation(graph: Graph) -> str:
    options = graph.operators[0].builtinOptions
    fused = getattr(options, "fusedActivationFunction", 0)
    if not fused:
        return ""
    options.fusedActivationFunction = 0
    names = vars(graph.file.schema.ActivationFunctionType)
    return f"a fused {next(n for n, code in names.items() if code == fused)}"


def _plain_slice(graph: Graph) -> str:
    options = graph.operators[0].builtinOptions
    masks = {"shrinkAxisMask": "drops", "newAxisMask": "adds", "ellipsisMask": "skips"}
    found = [field for field in masks if getattr(options, field, 0)]
    for field in found:
        setattr(options, field, 0)
    return " and ".join(f"a slice that {masks[field]} an axis" for field in found)


def _dense_constants(graph: Graph) -> str:
    found = [t for t in graph.tensors if t.sparsity is not None]
    for tensor in found:
        _zeros(graph, tensor)
        tensor.sparsity = None
    return f"a sparse {_types(graph, found)} filter" if found else ""


def _static_shapes(graph: Graph) -> str:
    found = [t for t in graph.tensors if t.shapeSignature is not None and -1 in t.shapeSignature]
    for tensor in found:
        tensor.shapeSignature = None
    names = ", ".join(t.name.decode() for t in found)
    return f"a dynamic shape ({names})" if found else ""


def _constant_weights(graph: Graph) -> str:
    op = graph.operators[0]
    found = [int(t) for t in op.inputs[1:] if int(t) in graph.inputs]
    for number in found:
        _zeros(graph, graph.tensors[number])
    graph.subgraph.inputs = np.array([t for t in graph.inputs if t not in found], np.int32)
    return "weights or a bias that are computed, not constant" if found else ""


def _first_version(graph: Graph) -> str:
    code = graph.file.model.operatorCodes[0]
    version, code.version = code.version, 1
    sparse = any(tensor.sparsity is not None for tensor in graph.tensors)
    stands_for = ", which stands for a sparse filter" if sparse else ""
    return f"operator version {version}{stands_for}" if version > 1 else ""


def _float_values(graph: Graph) -> str:
    return _as_float(graph, [t for t in graph.tensors if not t.buffer])


def _float_operands(graph: Graph) -> str:
    return _as_float(graph, graph.tensors)


def _as_float(graph: Graph, tensors: list[Any]) -> str:
    kinds = graph.file.schema.TensorType
    found = [t for t in tensors if t.type not in (kinds.FLOAT32, kinds.INT8, kinds.UINT8)]
    reason = f"{_types(graph, found)} values" if found else ""
    for tensor in found:
        tensor.type = kinds.FLOAT32
        if tensor.buffer:
            _zeros(graph, tensor)
    return reason


_CHANGES: tuple[Callable[[Graph], str], ...] = (
    _plain_activation,
    _plain_slice,
    _dense_constants,
    _static_shapes,
    _float_values,
    _float_operands,
    _constant_weights,
    _first_version,
)


def _zeros(graph: Graph, tensor: Any) -> None:
    """Gives a tensor a dense value of its shape and type."""
    kinds = graph.file.schema.TensorType
    width = {kinds.FLOAT32: 4, kinds.INT32: 4, kinds.INT64: 8, kinds.FLOAT16: 2}.get(tensor.type, 1)
    buffer = graph.file.schema.BufferT()
    size = int(np.prod(tensor.shape if tensor.shape is not None else [], dtype=np.int64))
    buffer.data = np.zeros(size * width, np.uint8)
    graph.file.model.buffers.append(buffer)
    tensor.buffer = len(graph.file.model.buffers) - 1


def _types(graph: Graph, tensors: list[Any]) -> str:
    names = {code: name.lower() for name, code in vars(graph.file.schema.TensorType).items()}
    return ", ".join(dict.fromkeys(names[t.type] for t in tensors))
