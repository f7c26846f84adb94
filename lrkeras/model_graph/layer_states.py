"""The states that stateful layers remember from one batch to the next."""

import contextlib
from collections.abc import Iterator

import keras
from keras import ops

from lrkeras.structures.find import stateful_layers


def reset_states(model: keras.layers.Layer) -> None:
    """Sets the states of the stateful layers of a model to zeros."""
    for layer in stateful_layers(model):
        layer.reset_state()


@contextlib.contextmanager
def states_kept(model: keras.layers.Layer) -> Iterator[None]:
    """Gives the stateful layers of a model the states that they had, afterwards."""
    states = [
        state for layer in stateful_layers(model) for state in keras.tree.flatten(layer.states)
    ]
    before = [ops.convert_to_numpy(state).copy() for state in states]
    try:
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)
