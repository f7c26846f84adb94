"""Removes what Keras puts before a look-up."""

from typing import Any

import numpy as np

from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile


def drop_negative_ids(file: ModelFile, context: PassContext) -> None:
    """Lets look-ups read the ids themselves, without the wrapping of negative ones.

    Keras counts negative ids from the end of a table, which takes three operators that XNNPACK
    does not know. No tokeniser gives negative ids, and the runtime reports them as an error.

    Args:
        file: The model, edited in place.
        context: Not used.
    """
    for graph in file.graphs:
        producers = graph.producers()
        for op in graph.operators:
            if graph.op_name(op) != "GATHER":
                continue
            ids = _unwrapped(graph, producers, int(op.inputs[1]))
            if ids is not None:
                op.inputs = np.array([op.inputs[0], ids], np.int32)
        graph.drop_unread_operators()


def _unwrapped(graph: Graph, producers: dict[int, Any], tensor: int) -> int | None:
    """`x`, if the tensor is `select(x < 0, x + rows, x)`; else None."""
    select = producers.get(tensor)
    if select is None or graph.op_name(select) not in ("SELECT", "SELECT_V2"):
        return None
    condition, wrapped, ids = (int(t) for t in select.inputs)
    less, add = producers.get(condition), producers.get(wrapped)
    if less is None or add is None:
        return None
    if graph.op_name(less) != "LESS" or graph.op_name(add) != "ADD":
        return None
    limit = graph.constant(less.inputs[1])
    if limit is None or np.any(limit) or int(less.inputs[0]) != ids or ids not in add.inputs:
        return None
    return ids
