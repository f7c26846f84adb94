"""What inputs, outputs and states of a file are called."""

import re
from collections.abc import Iterable

import keras


class TensorNames:
    """Gives out names of letters, digits and underscores, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, wanted: Iterable[str]) -> list[str]:
        """Makes names differ from all given out before, and marks them as taken."""
        result = []
        for name in map(plain, wanted):
            free, count = name, 1
            while free in self._taken:
                free, count = f"{name}_{count}", count + 1
            self._taken.add(free)
            result.append(free)
        return result


def plain(name: str) -> str:
    """A name with underscores in the place of what is neither letter nor digit."""
    return re.sub(r"\W", "_", name)


def output_names(model: keras.Model) -> list[str]:
    """Names of the outputs of a model."""
    return keras.Model(model.inputs, model.outputs).output_names


def state_names(layer: keras.layers.RNN, count: int) -> list[str]:
    """Names of the `count` states of a recurrent layer."""
    if isinstance(layer.cell, keras.layers.LSTMCell):
        return [f"{layer.name}_h", f"{layer.name}_c"]
    if count == 1:
        return [f"{layer.name}_h"]
    return [f"{layer.name}_state_{index}" for index in range(count)]
