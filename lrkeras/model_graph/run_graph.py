"""Running the graph of a functional model with other calls in the place of its own."""

from collections.abc import Callable
from typing import Any

import keras

from lrkeras.model_graph.layers_of import calls_of


def run_graph(
    model: keras.Model, inputs: list[Any], call: Callable[[Any, Any, tuple, dict], Any]
) -> list[Any]:
    """Runs what a model computes, one call after the other, those that others need first.

    Unlike `keras.models.clone_model`, what `call` returns may depend on inputs that it makes.

    Args:
        model: A built Sequential or Functional model.
        inputs: Takes the place of the model's inputs.
        call: `call(operation, node, args, kwargs)` gives what takes the place of a call's results.

    Returns:
        What took the place of each output.
    """
    nodes = {id(t): (op, node) for op, node in calls_of(model) for t in node.output_tensors}
    done = {id(old): new for old, new in zip(model.inputs, inputs, strict=True)}
    waiting = list(reversed(model.outputs))
    while waiting:
        tensor = waiting[-1]
        if id(tensor) in done:
            waiting.pop()
            continue
        operation, node = nodes[id(tensor)]
        missing = [t for t in node.input_tensors if id(t) not in done]
        if missing:
            waiting += reversed(missing)
            continue
        args, kwargs = _replaced((node.arguments.args, node.arguments.kwargs), done)
        results = keras.tree.flatten(call(operation, node, args, dict(kwargs)))
        done |= {id(o): new for o, new in zip(node.output_tensors, results, strict=False)}
    return [done[id(tensor)] for tensor in model.outputs]


def _replaced(arguments: Any, done: dict[int, Any]) -> Any:
    return keras.tree.map_structure(
        lambda x: done[id(x)] if isinstance(x, keras.KerasTensor) else x, arguments
    )
