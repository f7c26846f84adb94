"""Asking the runtime which nodes of a graph XNNPACK took over."""

from typing import Any

import numpy as np

from lrkeras.export.tflite.graph import Graph
from lrkeras.system.optional_imports import require


def delegated_nodes(graph: Graph, interpreter: Any) -> list[set[int]]:
    """Finds the nodes of each XNNPACK partition of a graph.

    When a delegate takes nodes over, the runtime appends one node for each partition, with the
    tensors that it reads and writes. A partition's nodes are those between them.

    Args:
        graph: The first graph of a file.
        interpreter: One that has loaded the file, its tensors allocated.

    Returns:
        The numbers of the nodes of each partition, in the order of the first node.
    """
    operators = graph.operators
    writers = {int(t): number for number, op in enumerate(operators) for t in op.outputs}
    # The nodes of the file keep their numbers; what comes after them was put in by delegates.
    added = interpreter._get_ops_details()[len(operators) :]
    partitions = []
    for node in added:
        read = {int(t) for t in node["inputs"]}
        waiting, nodes = [int(t) for t in node["outputs"]], set()
        while waiting:
            number = writers.get(waiting.pop())
            if number is not None and number not in nodes:
                nodes.add(number)
                waiting += [int(t) for t in operators[number].inputs if int(t) not in read]
        partitions.append(nodes)
    return sorted((nodes for nodes in partitions if nodes), key=min)


def interpreter_of(data: bytes) -> Any:
    """Loads a model from memory, with XNNPACK, and allocates its tensors.

    Raises:
        ValueError: If the runtime cannot.
    """
    module = require("ai_edge_litert.interpreter")
    try:
        interpreter = module.Interpreter(model_content=data, num_threads=1)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"Expected a model that the runtime can load: {error}") from error
    return interpreter


def tensor_bytes(graph: Graph, interpreter: Any) -> int:
    """Memory that the tensors of a file's first graph have in the runtime's arenas, in bytes.

    Memory that several tensors use one after the other counts once. Constants, which stay in the
    file, and what XNNPACK keeps for itself (packed weights, its workspace) are not part of it.
    """
    spans = []
    for detail in interpreter.get_tensor_details():
        # Of text and resources the runtime has no memory to show; asking for it ends the process.
        if _is_constant(graph, detail["index"]) or np.dtype(detail["dtype"]).kind not in "biufc":
            continue
        try:
            view = interpreter.tensor(detail["index"])()
        except ValueError:
            continue  # inside a partition: the runtime has no memory for it
        # A scalar comes as a copy, whose address says nothing; its few bytes are left out.
        if hasattr(view, "ctypes") and isinstance(view.nbytes, int) and view.nbytes:
            begin = view.ctypes.data
            spans.append((begin, begin + view.nbytes))
        del view
    total, end = 0, 0
    for begin, stop in sorted(spans):
        total += max(0, stop - max(begin, end))
        end = max(end, stop)
    return total


def _is_constant(graph: Graph, tensor: int) -> bool:
    if tensor >= len(graph.tensors):
        return False  # a scratch tensor, made by the runtime
    return graph.data(tensor) is not None
