"""The states that layers of a stream have of the steps before."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.steps.delay_step import BegunStep, DelayStep


class StreamStates:
    """Runs layers of a stream with states, and keeps what becomes of these.

    Args:
        add_state: `add_state(name, shape)` makes a state, `shape` without the batch: the name it
            got, and its tensor.
        new_states: Takes the new value of each state by name.
        layers: Takes the layers that were called.
    """

    def __init__(
        self,
        add_state: Callable[[str, tuple[int, ...]], tuple[str, Any]],
        new_states: dict[str, Any],
        layers: list[keras.layers.Layer],
    ):
        self._add_state = add_state
        self._new_states = new_states
        self._layers = layers
        self._called: set[int] = set()

    def run(
        self,
        layer: keras.layers.Layer,
        step: Callable[..., Any],
        read: list[Any],
        shapes: Mapping[str, tuple[int, ...]],
        **options: Any,
    ) -> list[Any]:
        """Runs a layer as `step([*read, *states], **options)`, which gives outputs and new states.

        Args:
            layer: The layer of the user's model.
            step: What takes its place.
            read: What it reads.
            shapes: Of its states, without the batch, by what they are.
            options: More arguments.

        Returns:
            The outputs and the new states.

        Raises:
            ConversionError: If the layer was called before: there is one state.
        """
        if id(layer) in self._called:
            raise ConversionError(
                f"Expected each layer with a state to be called once, received `{layer.name}` "
                "with several calls, which would share one. Use a layer for each call."
            )
        self._called.add(id(layer))
        self._layers.append(layer)
        named = {f"{layer.name}_{of}": shape for of, shape in shapes.items()}
        return self.kept(named, step, read, **options)

    def delayed(self, user: str, tensor: Any, steps: int) -> Any:
        """A tensor some steps later, for the layer `user`."""
        shape = (steps, *map(int, tensor.shape[2:]))
        return self.kept({f"{user}_late": shape}, DelayStep(), [tensor])[0]

    def begun(self, name: str, tensor: Any, delay: int) -> Any:
        """Which steps of a tensor that is `delay` late are steps of the sequence; None if all."""
        if not delay:
            return None
        return self.kept({f"{name}_begun": (delay,)}, BegunStep(), [tensor])[0]

    def kept(
        self, shapes: Mapping[str, tuple[int, ...]], step: Callable, read: list[Any], **options: Any
    ) -> list[Any]:
        """What `step([*read, *states])` gives; its last results are the new states."""
        states = [self._add_state(name, shape) for name, shape in shapes.items()]
        results = step([*read, *(tensor for _, tensor in states)], **options)
        new = results[len(results) - len(states) :]
        self._new_states.update(zip((name for name, _ in states), new, strict=True))
        return results
