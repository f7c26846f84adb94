"""Making another subgraph of a .tflite file the one that an interpreter runs."""

from typing import Any

from lrkeras.export.model_file import ModelFile

# Says which nodes must stay in order, by the position of the subgraph.
_CONTROL_EDGES = b"model_control_dependencies"


def with_primary(data: bytes, index: int) -> bytes:
    """Puts one subgraph first, with what it calls; the others and their signatures are dropped.

    An interpreter runs, times and describes its first subgraph only; a file has one for each
    signature and for each body of a loop.

    Args:
        data: A .tflite file.
        index: Number of the subgraph.

    Returns:
        A .tflite file; the one given if it has no other subgraph.

    Raises:
        ValueError: If the bytes are no .tflite model, or there is no such subgraph.
    """
    file = ModelFile(data)
    graphs = file.model.subgraphs
    if not 0 <= index < len(graphs):
        raise ValueError(f"Expected a subgraph from 0 to {len(graphs) - 1}, received {index}.")
    if len(graphs) == 1:
        return data
    kept = _reached(graphs, index)
    places = {old: new for new, old in enumerate(kept)}
    for old in kept:
        for op in graphs[old].operators or []:
            for options, field in _calls(op):
                setattr(options, field, places[getattr(options, field)])
    signatures = [s for s in file.model.signatureDefs or [] if s.subgraphIndex == index]
    for signature in signatures:
        signature.subgraphIndex = 0
    file.model.signatureDefs = signatures or None
    file.model.subgraphs = [graphs[old] for old in kept]
    file.model.metadata = [e for e in file.model.metadata or [] if e.name != _CONTROL_EDGES]
    file.graph = file.model.subgraphs[0]
    _drop_buffers(file)
    return file.to_bytes()


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


def _calls(op: Any) -> list[tuple[Any, str]]:
    """The fields of an operator's options that hold the number of a subgraph."""
    return [
        (options, field)
        for options in (op.builtinOptions, getattr(op, "builtinOptions2", None))
        if options is not None
        for field, value in vars(options).items()
        if field.lower().endswith("subgraphindex") and value >= 0
    ]


def _drop_buffers(file: ModelFile) -> None:
    used = {t.buffer for graph in file.model.subgraphs for t in graph.tensors}
    used |= {entry.buffer for entry in file.model.metadata}
    for number, buffer in enumerate(file.model.buffers):
        if number not in used:
            buffer.data = None
