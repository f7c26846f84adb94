"""How the weights of a file are rounded."""

import dataclasses

from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.node_costs import FUSED_LAYERS

_ROUNDED = ("int8", "uint8", "int4", "int2")
_KINDS = ("float32", "float16", "bfloat16", *_ROUNDED)
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")
_PRODUCTS = FUSED_LAYERS | {"FULLY_CONNECTED", "BATCH_MATMUL", "SVDF", *_CONVOLUTIONS}


@dataclasses.dataclass(frozen=True)
class Weights:
    """The types of a file's constants.

    Attributes:
        kind: `"float32"`, `"float16"`, `"dynamic int8"` (rounded weights, float activations),
            `"full int8"` (rounded activations too), `"int8 weights, int16 activations"`, the same
            with `int4`, or `"none"` for a file without weights.
        shares: Share of the numbers in each type, from 0 to 1.
        counts: Numbers in each type; indices, biases of integers and shapes are left out.
    """

    kind: str
    shares: dict[str, float]
    counts: dict[str, int]


def weights_of(file: ModelFile) -> Weights:
    """Counts the constants of a file by type."""
    counts = {k: n for k, n in file.constant_counts().items() if k in _KINDS}
    total = sum(counts.values())
    shares = {kind: count / total for kind, count in counts.items()}
    return Weights(_kind(file, shares), shares, counts)


def _kind(file: ModelFile, shares: dict[str, float]) -> str:
    if not shares:
        return "none"
    rounded = {kind: share for kind, share in shares.items() if kind in _ROUNDED}
    # Biases and scales stay float32 in a file of few weights; what is rounded at all decides.
    if not rounded:
        return "float16" if shares.get("float16", 0) > shares.get("float32", 0) else "float32"
    bits = max(rounded, key=lambda kind: rounded[kind])
    activations = {kind for graph in file.graphs for kind in _activations(graph)}
    if "int16" in activations:
        return f"{bits} weights, int16 activations"
    return f"full {bits}" if activations & {"int8", "uint8"} else f"dynamic {bits}"


def _activations(graph: Graph) -> set[str]:
    """Types of what products take."""
    return {
        graph.file.type_name(graph.tensors[int(op.inputs[0])].type)
        for op in graph.operators
        if graph.op_name(op) in _PRODUCTS and len(op.inputs) and op.inputs[0] >= 0
    }
