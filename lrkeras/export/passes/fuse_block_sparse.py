"""Turns `tanh(x @ S + rest)` of a float graph into one block-sparse int8 node.

XNNPACK claims an int8 FULLY_CONNECTED without looking at the sparsity of its filter, reads the
stored blocks as though they were the whole matrix, and returns wrong numbers. It leaves a node
with the fused activation TANH to the runtime's built-in kernel, which knows block sparsity and
takes a bias that is computed rather than constant. So the sum and the tanh after the product are
folded into the node: that makes it right, and it is also the fastest form.
"""

from typing import Any

import numpy as np

from lrkeras.export.tflite.model_file import ModelFile, Quantisation
from lrkeras.export.tflite.sparse_tensor import BlockSparseFilter, store_sparse

# 8 is the first version whose built-in kernel reads an int8 filter that is sparse; a runtime that
# knows version 12 also reads one scale for each output.
_VERSION_PER_TENSOR, _VERSION_PER_CHANNEL = 8, 12


def fuse_doped(file: ModelFile, weight: np.ndarray, per_channel: bool) -> BlockSparseFilter:
    """Rewrites the nodes that multiply by `weight`, and the sum and tanh after them.

    Args:
        file: A float model, edited in place.
        weight: float32, (outputs, columns): finds the FULLY_CONNECTED nodes that hold it.
        per_channel: One scale for each output of the int8 filter, else one for all.

    Returns:
        The filter that the file now holds.

    Raises:
        ValueError: If no node holds the weight, or it is not followed by a sum and a tanh.
    """
    packed = None
    for _ in file.each_graph():
        for product in find_products(file, weight):
            packed = _fuse(file, product, weight, per_channel)
    if packed is None:
        raise ValueError(f"Expected a FULLY_CONNECTED node with a filter of shape {weight.shape}.")
    return packed


def _fuse(
    file: ModelFile, product: Any, weight: np.ndarray, per_channel: bool
) -> BlockSparseFilter:
    bias, last = _bias(file, product)
    tanh = _only_reader(file, last, "TANH")
    packed = BlockSparseFilter.from_dense(weight, per_channel)
    filter_tensor = int(product.inputs[1])
    _store(file, filter_tensor, packed)
    version = _VERSION_PER_CHANNEL if per_channel else _VERSION_PER_TENSOR
    file.set_op(product, "FULLY_CONNECTED", version)
    product.inputs = np.array([product.inputs[0], filter_tensor, bias], np.int32)
    product.outputs = tanh.outputs
    options = product.builtinOptions
    options.fusedActivationFunction = file.schema.ActivationFunctionType.TANH
    # The sparse kernel quantises its input symmetrically; the asymmetric way needs row sums.
    options.asymmetricQuantizeInputs = False
    # The rest of the sum is computed after the product was: the node moves down to the tanh.
    operators = [op for op in file.graph.operators if op is not product and op is not last]
    operators[next(i for i, op in enumerate(operators) if op is tanh)] = product
    file.graph.operators = operators
    return packed


def _bias(file: ModelFile, product: Any) -> tuple[int, Any]:
    """What is added to the product, and the operator that gives the sum."""
    own = int(product.inputs[2]) if len(product.inputs) > 2 else -1
    readers = file.consumers().get(int(product.outputs[0]), [])
    if [file.op_name(reader) for reader in readers] == ["TANH"]:
        return own, product  # the sum with a constant is part of the product already
    total = _only_reader(file, product, "ADD")
    rest = [int(t) for t in total.inputs if int(t) != int(product.outputs[0])]
    if len(rest) != 1 or own >= 0 or total.builtinOptions.fusedActivationFunction:
        raise ValueError("Expected a plain sum of the sparse product and another tensor.")
    return rest[0], total


def find_products(file: ModelFile, weight: np.ndarray) -> list[Any]:
    """The FULLY_CONNECTED nodes of the present graph whose filter is `weight`."""
    found = []
    for op in file.graph.operators:
        if file.op_name(op) == "FULLY_CONNECTED":
            value = file.constant(int(op.inputs[1]))
            if value is not None and np.array_equal(value, weight):
                found.append(op)
    return found


def _only_reader(file: ModelFile, op: Any, name: str) -> Any:
    readers = file.consumers().get(int(op.outputs[0]), [])
    names = [file.op_name(reader) for reader in readers]
    if names != [name]:
        raise ValueError(f"Expected one {name} node after {file.op_name(op)}, received {names}.")
    return readers[0]


def _store(file: ModelFile, tensor: int, packed: BlockSparseFilter) -> None:
    parts = (packed.shape, packed.values, packed.segments, packed.indices)
    store_sparse(file, tensor, *parts, quantisation=Quantisation(packed.scale))
