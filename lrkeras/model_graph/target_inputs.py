"""Which inputs of a training model of sequence to sequence are target steps."""

from collections.abc import Sequence
from typing import Any

import keras

from lrkeras.model_graph.graph_nodes import Node


def target_inputs(
    model: keras.Model, nodes: list[Node], given: Sequence[str] | None = None
) -> list[str]:
    """Names of the inputs that are target steps.

    They are what the recurrent layers with an `initial_state` read as their sequence, as far as no
    initial state is computed from it.

    Args:
        model: The training model.
        nodes: Its calls, in order.
        given: The names, as the caller knows them; None to find them.

    Raises:
        ValueError: If a name is unknown, or the inputs cannot be told apart.
    """
    names = [tensor.name for tensor in model.inputs]
    if given is not None:
        wanted = [given] if isinstance(given, str) else list(given)
        if not wanted or not set(wanted) < set(names):
            raise ValueError(
                f"Expected `decoder_inputs` to name some of the inputs {names} of `{model.name}`, "
                f"but not all, received {wanted}."
            )
        return wanted
    origins: dict[int, set[str]] = {id(tensor): {tensor.name} for tensor in model.inputs}
    steps: set[str] = set()
    before: set[str] = set()
    for node in nodes:
        all_of = set().union(*(origins[id(tensor)] for tensor in node.inputs))
        origins.update({id(tensor): all_of for tensor in node.outputs})
        states = initial_state_of(node)
        if states:
            sequence = keras.tree.flatten(node.args[:1])
            steps |= set().union(*(origins[id(t)] for t in sequence or node.inputs[:1]))
            before |= set().union(*(origins[id(t)] for t in states))
    targets = [name for name in names if name in steps - before]
    if not targets:
        raise ValueError(_no_targets(model, names, before))
    unknown = [name for name in names if name not in steps | before]
    if unknown:
        raise ValueError(
            f"Expected inputs that lead to a recurrent layer with an initial_state, as its "
            f"sequence or its state, received {unknown} of `{model.name}` beside. Say which "
            f"inputs are target steps: decoder_inputs={targets}, or more of {names}."
        )
    return targets


def initial_state_of(node: Node) -> list[Any]:
    """The initial states in a call of a recurrent layer; none of any other call."""
    if not isinstance(node.operation, (keras.layers.RNN, keras.layers.Bidirectional)):
        return []
    given = node.args[1] if len(node.args) > 1 else node.kwargs.get("initial_state")
    return [state for state in keras.tree.flatten(given) if state is not None]


def _no_targets(model: keras.Model, names: list[str], before: set[str]) -> str:
    if len(names) == 1:
        return (
            f"Expected a model with an input of the source and one of the target steps (teacher "
            f"forcing) for the form 'seq2seq', received `{model.name}` with {names} alone: what "
            "its decoder reads follows from the source, as behind a RepeatVector. Convert it with "
            "form='sequence'."
        )
    if before:
        return (
            f"Expected an input of target steps, from which no initial state is computed, received "
            f"`{model.name}` with initial states computed from {sorted(before)}. Say which inputs "
            f"are target steps: decoder_inputs=[...], some of {names}."
        )
    return (
        f"Expected a recurrent layer with an initial_state, which tells the decoder from the "
        f"encoder, received `{model.name}` without one. Say which inputs are target steps: "
        f"decoder_inputs=[...], some of {names}."
    )
