"""Turns `tanh(x @ S + rest)` of a float graph into one block-sparse int8 node.

XNNPACK claims an int8 FULLY_CONNECTED without looking at the sparsity of its filter, reads the
stored blocks as though they were the whole matrix, and returns wrong numbers. It leaves a node
with the fused activation TANH to the runtime's built-in kernel, which knows block sparsity and
takes a bias that is computed rather than constant. So the sum and the tanh after the product are
folded into the node: that makes it right, and it is also the fastest form.
"""

from typing import Any

import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.quantisation import Quantisation
from lrkeras.export.tflite.sparse_tensor import BlockSparseFilter, store_sparse

# 8 is the first version whose built-in kernel reads an int8 filter that is sparse; a runtime that
# knows version 12 also reads one scale for each output.
_VERSION_PER_TENSOR, _VERSION_PER_CHANNEL = 8, 12


def fuse_block_sparse(graph: Graph, product: Any, packed: BlockSparseFilter) -> None:
    """Gives a product a block-sparse int8 filter, and folds the sum and the tanh after it in.

    Args:
        graph: A float graph, edited in place.
        product: One of its FULLY_CONNECTED nodes.
        packed: What its filter becomes.

    Raises:
        ConversionError: If no sum and tanh follow the product.
    """
    bias, last = _bias(graph, product)
    tanh = _only_reader(graph, last, "TANH")
    filter_tensor = int(product.inputs[1])
    parts = (packed.shape, packed.values, packed.segments, packed.indices)
    store_sparse(graph, filter_tensor, *parts, quantisation=Quantisation(packed.scale))
    version = _VERSION_PER_CHANNEL if len(packed.scale) > 1 else _VERSION_PER_TENSOR
    graph.file.set_op(product, "FULLY_CONNECTED", version)
    product.inputs = np.array([product.inputs[0], filter_tensor, bias], np.int32)
    product.outputs = tanh.outputs
    options = product.builtinOptions
    options.fusedActivationFunction = graph.file.schema.ActivationFunctionType.TANH
    # The sparse kernel quantises its input symmetrically; the asymmetric way needs row sums.
    options.asymmetricQuantizeInputs = False
    # The rest of the sum is computed after the product was: the node moves down to the tanh.
    operators = [op for op in graph.operators if op is not product and op is not last]
    operators[next(i for i, op in enumerate(operators) if op is tanh)] = product
    graph.operators = operators


def _bias(graph: Graph, product: Any) -> tuple[int, Any]:
    """What is added to the product, and the operator that gives the sum."""
    own = int(product.inputs[2]) if len(product.inputs) > 2 else -1
    readers = graph.consumers().get(int(product.outputs[0]), [])
    if [graph.op_name(reader) for reader in readers] == ["TANH"]:
        return own, product  # the sum with a constant is part of the product already
    total = _only_reader(graph, product, "ADD")
    rest = [int(t) for t in total.inputs if int(t) != int(product.outputs[0])]
    if len(rest) != 1 or own >= 0 or total.builtinOptions.fusedActivationFunction:
        raise _unexpected(graph, product, "something else than a plain sum")
    return rest[0], total


def _only_reader(graph: Graph, op: Any, name: str) -> Any:
    readers = graph.consumers().get(int(op.outputs[0]), [])
    names = [graph.op_name(reader) for reader in readers]
    if names != [name]:
        raise _unexpected(graph, op, f"{names or 'nothing'} in place of {name}")
    return readers[0]


def _unexpected(graph: Graph, op: Any, received: str) -> ConversionError:
    return ConversionError(
        "Expected a sum and a tanh after a block-sparse product, which become one node with it, "
        f"received {received} after `{graph.tensor_name(op.outputs[0])}`: the TensorFlow converter "
        "arranged the step in a way that is not known. Convert with quantize=None, and report the "
        "model with the versions of lrkeras and tensorflow."
    )
