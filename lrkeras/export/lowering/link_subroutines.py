"""Calls of subroutines in a .tflite file."""

from typing import Any

import numpy as np

from lrkeras.export.steps.subroutine import Subroutine
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile

# What marks the operators that stand for calls, and the signatures of what they call, before their
# number. The converter takes equal names for the same function.
CALL, GRAPH = "lrkeras_call_", "lrkeras_graph_"


def link_subroutines(file: ModelFile, names: list[str], subroutines: list[Subroutine]) -> None:
    """Puts calls in the place of the custom operators that stand for subroutines.

    The format has no call. An `IF` whose condition is a constant, and whose branches are the same
    graph, is one that every runtime knows, and all calls of a graph use the same copy of its
    weights.

    Args:
        file: The model, edited in place: graphs come in the order of `names`, then those of the
            subroutines, which have no signature any more.
        names: The signatures that stay.
        subroutines: Those that the operators' numbers mean.
    """
    signatures = {s.signatureKey.decode(): s for s in file.model.signatureDefs}
    order = [*names, *(f"{GRAPH}{index}" for index in range(len(subroutines)))]
    graphs = [file.model.subgraphs[signatures[name].subgraphIndex] for name in order]
    results = []
    for index, subroutine in enumerate(subroutines, start=len(names)):
        graphs[index].name = subroutine.name.encode()
        results.append(_order_tensors(graphs[index], signatures[order[index]]))
    for index, name in enumerate(names):
        signatures[name].subgraphIndex = index
    file.model.subgraphs = graphs
    file.model.signatureDefs = [signatures[name] for name in names]
    by_graph = {signatures[name].subgraphIndex: signatures[name] for name in names}
    for index, graph in enumerate(file.graphs):
        _replace_calls(graph, results, by_graph.get(index), first=len(names))


def _order_tensors(graph: Any, signature: Any) -> list[int]:
    """Brings a graph's inputs and outputs into the order of the subroutine's.

    The runtime returns wrong numbers where a called graph has the same tensor twice among its
    outputs, so each is there once.

    Returns:
        Where each output of the subroutine is among the graph's.
    """
    inputs = {int(t.name.decode()[1:]): t.tensorIndex for t in signature.inputs}
    outputs = {int(t.name.decode()[1:]): t.tensorIndex for t in signature.outputs}
    graph.inputs = np.array([inputs[index] for index in sorted(inputs)], np.int32)
    unique = list(dict.fromkeys(outputs[index] for index in sorted(outputs)))
    graph.outputs = np.array(unique, np.int32)
    return [unique.index(outputs[index]) for index in sorted(outputs)]


def _replace_calls(
    graph: Graph, results: list[list[int]], signature: Any | None, first: int
) -> None:
    marked = f"CUSTOM:{CALL}"
    named = [(op, graph.op_name(op)) for op in graph.operators]
    calls = [(op, int(name[len(marked) :])) for op, name in named if name.startswith(marked)]
    if not calls:
        return
    always = graph.new_constant("always", np.array(True))
    schema = graph.file.schema
    same: dict[int, int] = {}
    for op, index in calls:
        kept: dict[int, int] = {}
        for tensor, place in zip(op.outputs, results[index], strict=True):
            same[int(tensor)] = kept.setdefault(place, int(tensor))
        graph.file.set_op(op, "IF", 1)
        op.inputs = np.array([always, *op.inputs], np.int32)
        op.outputs = np.array([kept[place] for place in range(len(kept))], np.int32)
        op.customOptions = None
        op.builtinOptionsType = schema.BuiltinOptions.IfOptions
        op.builtinOptions = schema.IfOptionsT()
        op.builtinOptions.thenSubgraphIndex = op.builtinOptions.elseSubgraphIndex = first + index
    _rename(graph, signature, same)


def _rename(graph: Graph, signature: Any | None, same: dict[int, int]) -> None:
    """Lets everything that reads a tensor read the one that holds the same."""
    for op in graph.operators:
        op.inputs = np.array([same.get(int(t), int(t)) for t in op.inputs], np.int32)
    graph.subgraph.outputs = np.array([same.get(t, t) for t in graph.outputs], np.int32)
    for tensor in signature.outputs if signature is not None else []:
        tensor.tensorIndex = same.get(tensor.tensorIndex, tensor.tensorIndex)
