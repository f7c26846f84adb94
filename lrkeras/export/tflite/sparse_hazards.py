"""Finding nodes that XNNPACK would compute wrongly."""

import math
import os
from typing import Any

import numpy as np

from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile


def find_sparse_hazards(path: str | os.PathLike) -> list[str]:
    """Finds int8 sparse FULLY_CONNECTED nodes that XNNPACK takes for dense ones.

    It claims every int8 FULLY_CONNECTED whose fused activation it knows, without a look at the
    sparsity of the filter, and reads the stored blocks as though they were the whole matrix. The
    TensorFlow converter writes such nodes with `Optimize.EXPERIMENTAL_SPARSITY`. Those with the
    activation TANH stay with the runtime's built-in kernel, which is right.

    Args:
        path: Any .tflite file.

    Returns:
        The name of the output tensor of each such node; an empty list means the file is safe.

    Raises:
        ValueError: If the file is not a .tflite model.
    """
    with open(path, "rb") as stream:
        file = ModelFile(stream.read())
    return [graph.tensor_name(op.outputs[0]) for graph in file.graphs for op in _hazards(graph)]


def pad_sparse(file: ModelFile) -> None:
    """Gives every sparse constant as many bytes as its dense form has.

    XNNPACK, when it takes one for dense, reads past the end of what is stored, which may end the
    process. With zeros behind it a file can be loaded to look at it; what such a node computes is
    still wrong.
    """
    kinds = file.schema.TensorType
    widths = {kinds.FLOAT32: 4, kinds.FLOAT16: 2}
    for graph in file.graphs:
        for tensor in graph.tensors:
            stored = file.model.buffers[tensor.buffer].data
            if tensor.sparsity is None or stored is None:
                continue
            size = math.prod(int(size) for size in tensor.shape) * widths.get(tensor.type, 1)
            padded = file.schema.BufferT()
            padded.data = np.zeros(max(size, len(stored)), np.uint8)
            padded.data[: len(stored)] = stored
            file.model.buffers.append(padded)
            tensor.buffer = len(file.model.buffers) - 1


def _hazards(graph: Graph) -> list[Any]:
    schema = graph.file.schema
    found = []
    for op in graph.operators:
        if graph.op_name(op) != "FULLY_CONNECTED":
            continue
        weights = graph.tensors[int(op.inputs[1])]
        # A file may leave options out where all of them have their usual values.
        activation = getattr(op.builtinOptions, "fusedActivationFunction", 0)
        tanh = activation == schema.ActivationFunctionType.TANH
        if weights.type == schema.TensorType.INT8 and weights.sparsity is not None and not tanh:
            found.append(op)
    return found
