"""Which operation of a graph makes a tensor."""

from typing import Any, NamedTuple

import keras

from lrkeras.model_graph.graph_walk import outputs_of, walk_graph


class Producer(NamedTuple):
    """Where a tensor comes from.

    Attributes:
        operation: The layer, inner model or operation.
        place: Which of its outputs the tensor is.
        inputs: What it was called with, and where that comes from; `None` for inputs of the model.
        shape: Of the tensor.
    """

    operation: Any
    place: int
    inputs: tuple[Any, ...]
    shape: tuple[int | None, ...]


def producers_of_outputs(model: keras.Model) -> list[Producer | None]:
    """What makes each output of a model; `None` for an output that is an input.

    Args:
        model: A built Sequential or Functional model, not changed.
    """
    found: dict[int, Producer] = {}
    kept: list[Any] = []  # so that no identity is used twice

    def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = outputs_of(operation, *args, **kwargs)
        tensors = [t for t in keras.tree.flatten((args, kwargs)) if hasattr(t, "shape")]
        inputs = tuple(found.get(id(t)) for t in tensors)
        flat = keras.tree.flatten(outputs)
        kept.extend([*tensors, *flat])
        for place, output in enumerate(flat):
            found[id(output)] = Producer(operation, place, inputs, tuple(output.shape))
        return outputs

    return [found.get(id(output)) for output in walk_graph(model, call)]
