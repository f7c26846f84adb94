"""A walk through the graph of a model, in the order in which it computes."""

from collections.abc import Callable
from typing import Any

import keras


def walk_graph(model: keras.Model, visit: Callable[..., Any]) -> list[Any]:
    """Calls a function for every call of a layer or operation in a model.

    Args:
        model: A built Sequential or Functional model, not changed.
        visit: `visit(operation, *args, **kwargs)` returns the outputs of the operation, as
            `outputs_of` gives them. Inner models are visited as one operation each.

    Returns:
        The outputs of the model, flat.
    """
    source = keras.Model(model.inputs, model.outputs)
    # Nothing of what it makes is used.
    made = keras.models.clone_model(source, clone_function=lambda layer: layer, call_function=visit)
    return list(made.outputs)


def outputs_of(operation: Any, *args: Any, **kwargs: Any) -> Any:
    """The symbolic outputs of an operation, which gets no second place in a graph by it."""
    tensors = [t for t in keras.tree.flatten((args, kwargs)) if isinstance(t, keras.KerasTensor)]
    return _StandIn(lambda: operation.compute_output_spec(*args, **kwargs))(tensors)


class _StandIn(keras.layers.Layer):
    """Has the outputs of an operation."""

    def __init__(self, outputs: Callable[[], Any]):
        super().__init__()
        self._outputs = (outputs,)  # a tuple: not tracked
        self.built = True

    def compute_output_spec(self, tensors: Any) -> Any:
        return self._outputs[0]()

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        return None
