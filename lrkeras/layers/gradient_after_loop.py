"""The gradient of a recurrent matrix, in one product behind the loop over time."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from lrkeras.system.optional_imports import require

_NO_SECOND = (
    "Second derivatives do not go through the faster gradient of a recurrent layer that "
    "trains. Expected: first derivatives. Give the layer unroll=True, or call it with "
    "training=False, where it has the plain gradient."
)


class GradientAfterLoop:
    """Keeps a recurrent matrix out of the gradient of a loop, and finds its gradient afterwards.

    TensorFlow's gradient of a loop forms that of the matrix `U` at every step, and adds them up.
    Where a step computes `z(t) = p(t) + h(t-1) U`, the gradient of `p(t)` is that of `z(t)`, so
    that of `U` is `sum over t of h(t-1)' dp(t)`: one product for all steps. The loop takes `U` as
    a constant; what comes back for `p` gives both.

    Args:
        backwards: whether the loop runs from the last step to the first.
    """

    def __init__(self, backwards: bool) -> None:
        self._tf = require("tensorflow")  # the only backend that comes here
        self._backwards = backwards
        self._states: Any = None

    @staticmethod
    def known() -> bool:
        """Whether Keras's backend adds up gradients step by step, and can do otherwise."""
        return keras.backend.backend() == "tensorflow"

    def attach(self, projected: Any, matrix: Any) -> tuple[Any, Any]:
        """What the loop takes in place of `p` and `U`.

        Args:
            projected: `p`, `(batch, time, gates * units)`.
            matrix: `U`, `(state, gates * units)`.
        """
        matrix = ops.convert_to_tensor(matrix)

        @self._tf.custom_gradient
        def identity(projected: Any, matrix: Any) -> tuple[Any, Any]:
            # The matrix only brings its gradient: the loop has another name for it.
            return self._tf.identity(projected), self._gradients

        return identity(projected, matrix), ops.stop_gradient(matrix)

    def see(self, outputs: Any, initial: Any, mask: Any) -> None:
        """Takes the states `h(t-1)` of all steps, once the loop has run.

        Args:
            outputs: of all steps in the order of the loop, `(batch, time, state)`.
            initial: `h` before the first, `(batch, state)`.
            mask: `(batch, time)`, false where a step keeps its states, or None.
        """
        initial = ops.expand_dims(initial, 1)
        before = ops.concatenate([initial, outputs[:, :-1]], axis=1)
        if mask is not None:
            # Outputs are zeros until the first step that is not masked, states are not.
            mask = ops.cast(ops.flip(mask, 1) if self._backwards else mask, "int32")
            begun = ops.cumsum(mask, axis=1) - mask > 0
            before = ops.where(ops.expand_dims(begun, -1), before, initial)
        self._states = before

    def _gradients(self, upstream: Any) -> tuple[Any, Any]:
        in_order = ops.flip(upstream, 1) if self._backwards else upstream
        states = ops.reshape(self._states, (-1, self._states.shape[-1]))
        gates = ops.reshape(in_order, (-1, in_order.shape[-1]))
        of_matrix = ops.matmul(ops.transpose(states), gates)
        return tuple(
            self._tf.raw_ops.PreventGradient(input=gradient, message=_NO_SECOND)
            for gradient in (upstream, of_matrix)
        )
