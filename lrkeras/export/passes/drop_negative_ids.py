"""Removes what Keras puts before a look-up."""

from typing import Any

import numpy as np

from lrkeras.export.tflite.model_file import ModelFile


def simplify_lookups(file: ModelFile) -> None:
    """Lets look-ups read the ids themselves, without the wrapping of negative ones.

    Keras counts negative ids from the end of a table, which takes three operators that XNNPACK
    does not know. No tokeniser gives negative ids, and the runtime reports them as an error.

    Args:
        file: The model, edited in place.
    """
    for graph in file.each_graph():
        producers = file.producers()
        for op in graph.operators:
            if file.op_name(op) != "GATHER":
                continue
            ids = _unwrapped(file, producers, int(op.inputs[1]))
            if ids is not None:
                op.inputs = np.array([op.inputs[0], ids], np.int32)
        _drop_unread(file)


def _unwrapped(file: ModelFile, producers: dict[int, Any], tensor: int) -> int | None:
    """`x`, if the tensor is `select(x < 0, x + rows, x)`; else None."""
    select = producers.get(tensor)
    if select is None or file.op_name(select) not in ("SELECT", "SELECT_V2"):
        return None
    condition, wrapped, ids = (int(t) for t in select.inputs)
    less, add = producers.get(condition), producers.get(wrapped)
    if less is None or add is None or file.op_name(less) != "LESS" or file.op_name(add) != "ADD":
        return None
    limit = file.constant(int(less.inputs[1]))
    if limit is None or np.any(limit) or int(less.inputs[0]) != ids or ids not in add.inputs:
        return None
    return ids


def _drop_unread(file: ModelFile) -> None:
    """Removes operators whose results nothing reads."""
    while True:
        read = set(file.consumers()) | {int(t) for t in file.graph.outputs}
        kept = [op for op in file.graph.operators if any(int(t) in read for t in op.outputs)]
        if len(kept) == len(file.graph.operators):
            return
        file.graph.operators = kept
