"""The calls of layers that the outputs of a model follow from."""

from typing import Any

import keras

from lrkeras.model_graph.layers_of import calls_of

Call = tuple[Any, Any]


def live_calls(model: keras.Model) -> list[Call]:
    """`(operation, node)` of every call that the outputs follow from, in the order of the model.

    A layer knows its calls in other models too: a Sequential model calls its layers anew whenever
    it is built again, on the same inputs.
    """
    calls = list(calls_of(model))
    live = {id(node) for _, node in calls_before(model.outputs, writers_of(calls))}
    return [call for call in calls if id(call[1]) in live]


def writers_of(calls: list[Call]) -> dict[int, Call]:
    """Maps the identity of each tensor to the call that gives it."""
    return {id(tensor): call for call in calls for tensor in call[1].output_tensors}


def calls_before(tensors: list[Any], writers: dict[int, Call]) -> list[Call]:
    """Every call that some tensors follow from."""
    found: dict[int, Call] = {}
    waiting = list(tensors)
    while waiting:
        call = writers.get(id(waiting.pop()))
        if call is not None and id(call[1]) not in found:
            found[id(call[1])] = call
            waiting += call[1].input_tensors
    return list(found.values())
