"""What one node of a .tflite graph multiplies and reads."""

import math
from typing import Any

from lrkeras.export.tflite.model_file import ModelFile


def node_macs(file: ModelFile, op: Any) -> int:
    """Multiply-accumulates of one run of a node of the first subgraph.

    Counted for products of matrices and for convolutions; 0 for everything else. Of a sparse
    filter the stored values count.
    """
    name = file.op_name(op)
    if name == "FULLY_CONNECTED":
        outputs, columns = _shape(file, op.inputs[1])
        rows = math.prod(_shape(file, op.outputs[0])) // max(1, outputs)
        return rows * (_stored(file, op.inputs[1]) or outputs * columns)
    if name == "BATCH_MATMUL":
        shared = _shape(file, op.inputs[0])[-2 if op.builtinOptions.adjX else -1]
        return math.prod(_shape(file, op.outputs[0])) * shared
    if name == "CONV_2D":
        return math.prod(_shape(file, op.outputs[0])) * math.prod(_shape(file, op.inputs[1])[1:])
    if name == "DEPTHWISE_CONV_2D":
        return math.prod(_shape(file, op.outputs[0])) * math.prod(_shape(file, op.inputs[1])[1:3])
    if name == "TRANSPOSE_CONV":
        return math.prod(_shape(file, op.inputs[2])) * math.prod(_shape(file, op.inputs[1])[:3])
    return 0


def node_bytes(file: ModelFile, op: Any) -> int:
    """Bytes of the constants that a node reads, with the indices of sparse ones."""
    return sum(_constant_bytes(file, int(tensor)) for tensor in set(op.inputs) if tensor >= 0)


def _constant_bytes(file: ModelFile, tensor: int) -> int:
    described = file.graph.tensors[tensor]
    data = file.model.buffers[described.buffer].data
    if data is None or not len(data):
        return 0
    return len(data) + _index_bytes(described.sparsity)


def _index_bytes(sparsity: Any) -> int:
    if sparsity is None:
        return 0
    vectors = [v for d in sparsity.dimMetadata for v in (d.arraySegments, d.arrayIndices)]
    arrays = [v.values for v in vectors if v is not None and v.values is not None]
    return sum(getattr(array, "nbytes", 4 * len(array)) for array in arrays)


def _stored(file: ModelFile, tensor: int) -> int | None:
    """Number of values that a sparse constant stores; None for any other tensor."""
    described = file.graph.tensors[int(tensor)]
    data = file.model.buffers[described.buffer].data
    if described.sparsity is None or data is None:
        return None
    widths = {file.schema.TensorType.FLOAT32: 4, file.schema.TensorType.FLOAT16: 2}
    return len(data) // widths.get(described.type, 1)


def _shape(file: ModelFile, tensor: int) -> tuple[int, ...]:
    shape = file.graph.tensors[int(tensor)].shape
    return () if shape is None else tuple(int(size) for size in shape)
