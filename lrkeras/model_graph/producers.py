"""Which operation of a graph makes a tensor."""

from typing import Any, NamedTuple

import keras


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


class StandIn(keras.layers.Layer):
    """Has the outputs of an operation, so that this one gets no second place in a graph."""

    def __init__(self, operation: Any):
        super().__init__()
        self._shape_of = (operation.compute_output_spec,)  # a tuple: not tracked
        self.built = True

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self._shape_of[0](*args, **kwargs)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        return None


def producers_of_outputs(model: keras.Model) -> list[Producer | None]:
    """What makes each output of a model; `None` for an output that is an input.

    Args:
        model: A built Sequential or Functional model, not changed.
    """
    found: dict[int, Producer] = {}
    kept: list[Any] = []  # so that no identity is used twice

    def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = StandIn(operation)(*args, **kwargs)
        tensors = [t for t in keras.tree.flatten((args, kwargs)) if hasattr(t, "shape")]
        inputs = tuple(found.get(id(t)) for t in tensors)
        flat = keras.tree.flatten(outputs)
        kept.extend([*tensors, *flat])
        for place, output in enumerate(flat):
            found[id(output)] = Producer(operation, place, inputs, tuple(output.shape))
        return outputs

    # A walk through the graph in order; nothing of what it makes is used.
    source = keras.Model(model.inputs, model.outputs)
    made = keras.models.clone_model(source, clone_function=lambda layer: layer, call_function=call)
    return [found.get(id(output)) for output in made.outputs]
