"""The calls in the graph of a model, one by one, and a graph computed again on other tensors."""

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any, NamedTuple

import keras


class Node(NamedTuple):
    """One call of a layer or operation.

    Attributes:
        operation: What is called.
        args, kwargs: What it is called with.
        inputs: The tensors in it.
        outputs: The tensors that it gives.
    """

    operation: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: list[Any]
    outputs: list[Any]


def nodes_of(model: keras.Model) -> list[Node]:
    """The calls between the inputs and the outputs of a model, each after those that it reads."""
    found: list[Node] = []
    seen = {id(tensor) for tensor in model.inputs}
    for node in _needed(model.outputs, seen):
        seen.update(id(t) for t in node.outputs)
        found.append(node)
    return found


def computed_again(
    outputs: Sequence[Any], made: dict[int, Any], call: Callable[..., Any]
) -> list[Any]:
    """Computes the outputs of a graph from other tensors.

    Args:
        outputs: Symbolic tensors.
        made: What stands for tensors of the graph, by their identity; gets all others.
        call: `call(operation, *args, **kwargs)` gives what an operation gives.
    """
    for node in _needed(outputs, made):
        args, kwargs = keras.tree.map_structure(
            lambda x: made[id(x)] if isinstance(x, keras.KerasTensor) else x,
            (node.args, dict(node.kwargs)),
        )
        results = keras.tree.flatten(call(node.operation, *args, **kwargs))
        made.update({id(old): new for old, new in zip(node.outputs, results, strict=True)})
    return [made[id(tensor)] for tensor in outputs]


def _needed(outputs: Sequence[Any], known: Container[int]) -> Iterator[Node]:
    """The calls that outputs need, each once what it reads is known.

    Args:
        outputs: Symbolic tensors.
        known: Identities of tensors; whoever iterates adds those of each call's outputs.
    """
    waiting = list(outputs)
    while waiting:
        if id(waiting[-1]) in known:
            waiting.pop()
            continue
        node = _maker(waiting[-1])
        missing = [t for t in node.inputs if id(t) not in known]
        if missing:
            waiting.extend(missing)
        else:
            yield node


def _maker(tensor: Any) -> Node:
    operation, index, _ = tensor._keras_history
    node = operation._inbound_nodes[index]
    arguments = node.arguments
    return Node(
        operation,
        arguments.args,
        arguments.kwargs,
        list(node.input_tensors),
        list(node.output_tensors),
    )
