"""What writers of `.tflite` files may leave out, and what a damaged file gets wrong."""

from typing import Any

import numpy as np


def fill_gaps(model: Any) -> None:
    """Puts empty vectors where a file has none, and checks the numbers that point somewhere.

    Every vector of the format may be left out; old converters do so.

    Args:
        model: The flatbuffer object of a file, edited in place.

    Raises:
        ValueError: If there is no graph, or a number points to nothing, as in a damaged file.
    """
    for field in ("subgraphs", "buffers", "operatorCodes"):
        setattr(model, field, getattr(model, field) or [])
    if not model.subgraphs:
        raise ValueError("Expected a model with at least one graph, received none.")
    for graph in model.subgraphs:
        graph.tensors = graph.tensors or []
        for tensor in graph.tensors:
            tensor.name = tensor.name or b""
            _check("buffer", [tensor.buffer], len(model.buffers))
        for holder in (graph, *(graph.operators or [])):
            holder.inputs, holder.outputs = _vector(holder.inputs), _vector(holder.outputs)
            # -1 stands for an input that is left out.
            _check("tensor", [*holder.inputs, *holder.outputs], len(graph.tensors), first=-1)
        for op in graph.operators or []:
            _check("operator", [op.opcodeIndex], len(model.operatorCodes))
    for signature in model.signatureDefs or []:
        _check("graph", [signature.subgraphIndex], len(model.subgraphs))
        tensors = model.subgraphs[signature.subgraphIndex].tensors
        ends = [*(signature.inputs or []), *(signature.outputs or [])]
        _check("tensor", [end.tensorIndex for end in ends], len(tensors))
    for entry in model.metadata or []:
        _check("buffer", [entry.buffer], len(model.buffers))


def _vector(numbers: Any) -> Any:
    return np.array([], np.int32) if numbers is None else numbers


def _check(what: str, numbers: list[int], count: int, first: int = 0) -> None:
    wrong = [int(number) for number in numbers if not first <= number < count]
    if wrong:
        raise ValueError(
            f"Expected a whole file, received one that names the {what} {wrong[0]} of {count}: "
            "it is damaged."
        )
