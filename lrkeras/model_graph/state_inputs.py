"""Decoders: models whose recurrent states are inputs."""

from typing import Any

import keras

from lrkeras.model_graph.copy_model import copy_model
from lrkeras.model_graph.layers_of import calls_of


def without_state_inputs(model: keras.Model) -> tuple[keras.Model, dict[str, list[str]]]:
    """Makes the model whose recurrent layers carry the states that a decoder has as inputs.

    A decoder takes tokens and the states of its recurrent layers, and gives scores and the new
    states: one call is what a step is. Inputs that are the initial state of one recurrent layer and
    nothing else go, and so do outputs that are the states after it.

    Args:
        model: A Functional model, not changed.

    Returns:
        The model and, by name of such a layer, the names of its inputs in the order of its states;
        the model itself and nothing where there are none.
    """
    owners = _owners(model)
    if not owners:
        return model, {}
    copy, pairs = copy_model(model, lambda layer: None)
    for old, new in pairs:
        new.set_weights(old.get_weights())
    states: list[Any] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer.name not in owners or not isinstance(layer, keras.layers.RNN):
            return layer(*args, **kwargs)
        kwargs.pop("initial_state", None)
        results = layer(_without_mask(args[0]), **kwargs)
        if layer.return_state:
            states.extend(results[1:])
        return results

    inputs = [keras.Input(batch_shape=t.shape, dtype=t.dtype, name=t.name) for t in copy.inputs]
    cloned = keras.models.clone_model(
        copy, input_tensors=inputs, clone_function=lambda layer: layer, call_function=call
    )
    taken = {name for names in owners.values() for name in names}
    kept = [t for t in inputs if t.name not in taken]
    outputs = [t for t in cloned.outputs if not any(t is state for state in states)]
    return keras.Model(kept, outputs, name=model.name), owners


def _without_mask(x: Any) -> Any:
    """The same tensor without a mask: Keras looks for none beside an initial state."""
    return x if getattr(x, "_keras_mask", None) is None else keras.ops.stop_gradient(x)


def _owners(model: keras.Model) -> dict[str, list[str]]:
    """The inputs that are initial states, by name of the recurrent layer."""
    inputs = {id(tensor): tensor.name for tensor in model.inputs}
    uses: dict[int, int] = {}
    found: dict[str, list[Any]] = {}
    calls: dict[str, int] = {}
    for operation, node in calls_of(model):
        for tensor in node.input_tensors:
            uses[id(tensor)] = uses.get(id(tensor), 0) + 1
        if isinstance(operation, keras.layers.RNN):
            calls[operation.name] = calls.get(operation.name, 0) + 1
            args, kwargs = node.arguments.args, node.arguments.kwargs
            given = args[1] if len(args) > 1 else kwargs.get("initial_state")
            states = keras.tree.flatten(given)
            if states and all(id(state) in inputs for state in states):
                found[operation.name] = states
    return {
        name: [inputs[id(state)] for state in states]
        for name, states in found.items()
        if calls[name] == 1 and all(uses[id(state)] == 1 for state in states)
    }
