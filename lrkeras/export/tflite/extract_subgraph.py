"""A .tflite file of one graph of another, which an interpreter then runs."""

import copy
from typing import Any

from lrkeras.export.tflite.model_file import ModelFile

# Says which nodes must stay in order, by the position of the subgraph.
_CONTROL_EDGES = b"model_control_dependencies"


def extract_subgraph(file: ModelFile, index: int) -> bytes:
    """A file of one graph of another and of what it calls.

    An interpreter runs, times and describes its first graph only; a file has one for each
    signature and for each body of a loop.

    Args:
        file: The file, which stays as it is.
        index: Number of the graph, which is the first one of the new file.

    Returns:
        The bytes of a .tflite file, with the signatures of that graph.

    Raises:
        ValueError: If there is no such graph.
    """
    graphs = file.model.subgraphs
    if not 0 <= index < len(graphs):
        raise ValueError(f"Expected a graph from 0 to {len(graphs) - 1}, received {index}.")
    kept = _reached(graphs, index)
    places = {old: new for new, old in enumerate(kept)}
    part = copy.copy(file)
    part.model = copy.copy(file.model)
    part.model.subgraphs = [_renumbered(graphs[old], places) for old in kept]
    signatures = [copy.copy(s) for s in file.model.signatureDefs or [] if s.subgraphIndex == index]
    for signature in signatures:
        signature.subgraphIndex = 0
    part.model.signatureDefs = signatures or None
    part.model.metadata = [e for e in file.model.metadata or [] if e.name != _CONTROL_EDGES]
    used = {t.buffer for graph in part.model.subgraphs for t in graph.tensors}
    used |= {entry.buffer for entry in part.model.metadata}
    part.model.buffers = [
        buffer if number in used else file.schema.BufferT()
        for number, buffer in enumerate(file.model.buffers)
    ]
    return part.to_bytes()


def _reached(graphs: list[Any], first: int) -> list[int]:
    """`first` and every subgraph that it calls, in the order they are met."""
    found = [first]
    for index in found:  # grows while it is walked
        for op in graphs[index].operators or []:
            for options, field in _calls(op):
                called = getattr(options, field)
                if called not in found:
                    found.append(called)
    return found


def _renumbered(graph: Any, places: dict[int, int]) -> Any:
    """A copy of a graph whose calls have the numbers that `places` gives."""
    graph = copy.copy(graph)
    graph.operators = [_recalled(op, places) for op in graph.operators or []]
    return graph


def _recalled(op: Any, places: dict[int, int]) -> Any:
    if not _calls(op):
        return op
    op = copy.copy(op)
    for name in ("builtinOptions", "builtinOptions2"):
        setattr(op, name, copy.copy(getattr(op, name, None)))
    for options, field in _calls(op):
        setattr(options, field, places[getattr(options, field)])
    return op


def _calls(op: Any) -> list[tuple[Any, str]]:
    """The fields of an operator's options that hold the number of a subgraph."""
    return [
        (options, field)
        for options in (op.builtinOptions, getattr(op, "builtinOptions2", None))
        if options is not None
        for field, value in vars(options).items()
        if field.lower().endswith("subgraphindex") and value >= 0
    ]
