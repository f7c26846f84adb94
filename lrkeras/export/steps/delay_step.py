"""Keeping the last steps of a stream: delays, windows and what has begun."""

from typing import Any

import keras
from keras import ops


class _StreamStep(keras.layers.Layer):
    """A layer of a step model without weights."""

    def __init__(self) -> None:
        super().__init__(dtype="float32")
        self.built = True
        self.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None


class DelayStep(_StreamStep):
    """Gives steps some steps later.

    `call((x, before))` takes x of shape (batch, steps, ...) and the last `delay` steps before it,
    and returns the steps that are `delay` late, and the last ones by then.
    """

    def call(self, inputs: list[Any]) -> list[Any]:
        """Gives the late steps."""
        x, before = inputs
        seen = ops.concatenate([before, ops.cast(x, before.dtype)], axis=1)
        return [ops.cast(seen[:, : x.shape[1]], x.dtype), seen[:, x.shape[1] :]]


class BegunStep(_StreamStep):
    """Says which steps a late tensor has: zero for the first `delay` steps of a stream, then one.

    `call((x, before))` takes a tensor (batch, steps, ...) and a state (batch, delay), and returns
    (batch, steps) and the new state.
    """

    def call(self, inputs: list[Any]) -> list[Any]:
        """Shifts ones into the state."""
        x, before = inputs
        seen = ops.concatenate([before, ops.ones(tuple(x.shape[:2]))], axis=1)
        return [seen[:, : x.shape[1]], seen[:, x.shape[1] :]]


class WindowStep(_StreamStep):
    """Gives the last steps of a stream: the window that ends here.

    `call((x, before))` takes x of shape (batch, steps, ...) and the last `length - 1` steps before
    it, and returns the last `length` steps, and the last `length - 1` by then.

    Args:
        length: Steps of the window.
    """

    def __init__(self, length: int):
        super().__init__()
        self.length = length

    def call(self, inputs: list[Any]) -> list[Any]:
        """Gives the window."""
        x, before = inputs
        seen = ops.concatenate([before, x], axis=1)
        return [seen[:, -self.length :], seen[:, x.shape[1] :]]
