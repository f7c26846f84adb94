"""Penalties on what the last recurrent layer puts out."""

from __future__ import annotations

import keras
from keras import ops


class OutputPenalty(keras.layers.Layer):
    """Adds to the loss the mean square of outputs (AR) and of their change from step to step (TAR).

    Merity et al. 2018 (arXiv 1708.02182), sect. 4.4: the first of the outputs after dropout, the
    second of those before it.

    Args:
        activation: weight of the first.
        slowness: weight of the second.

    Call it with `[outputs after dropout, outputs before it]`, each `(batch, steps, units)`; it
    returns the former.
    """

    def __init__(self, activation: float, slowness: float, **kwargs) -> None:
        super().__init__(**kwargs)
        self.activation = activation
        self.slowness = slowness

    def call(self, inputs, training: bool = False):
        dropped, raw = inputs
        if training:
            change = raw[:, 1:] - raw[:, :-1]
            self.add_loss(self.activation * _mean_square(dropped))
            self.add_loss(self.slowness * _mean_square(change))
        return dropped


def _mean_square(values):
    return ops.mean(ops.square(ops.cast(values, "float32")))
