"""Stochastic gradient descent that may average its weights."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops


class AveragedSGD(keras.optimizers.SGD):
    """SGD without momentum, and the mean of the weights from a step on.

    The means are variables of the optimiser: a backup has them. Polyak and Juditsky 1992; with
    `NonMonotonicAveraging` the NT-ASGD of Merity et al. 2018 (arXiv 1708.02182), sect. 3.

    Args:
        learning_rate: as in `keras.optimizers.SGD`.
        averages: whether to keep means at all.
        **kwargs: further arguments of `keras.optimizers.SGD`.
    """

    def __init__(self, learning_rate: float = 1.0, *, averages: bool = False, **kwargs) -> None:
        super().__init__(learning_rate, **kwargs)
        self.averages = averages
        self.means: list[keras.Variable] = []
        self._sources: tuple = ([],)

    def build(self, variables) -> None:
        if self.built:
            return
        super().build(variables)
        if self.averages:
            self.means = self.add_optimizer_variables(variables, "mean")
            self._sources = (list(variables),)  # in a tuple: not tracked
            self.steps_averaged = self.add_variable(
                shape=(), initializer="zeros", dtype="float32", name="steps_averaged"
            )

    @property
    def is_averaging(self) -> bool:
        """Whether `start` was called."""
        return bool(self.averages and float(ops.convert_to_numpy(self.steps_averaged)) > 0)

    def start(self, variables) -> None:
        """Lets the means begin with the weights as they are now."""
        for mean, variable in zip(self.means, variables, strict=True):
            # A copy: JAX refuses two variables of one buffer.
            mean.assign(np.array(ops.convert_to_numpy(variable)))
        self.steps_averaged.assign(1.0)

    def apply(self, grads, trainable_variables=None):
        super().apply(grads, trainable_variables)
        if not self.averages:
            return
        share = ops.sign(self.steps_averaged) / (self.steps_averaged + 1)
        for mean, variable in zip(self.means, self._sources[0], strict=True):
            change = ops.convert_to_tensor(variable) - ops.convert_to_tensor(mean)
            mean.assign_add(change * ops.cast(share, mean.dtype))
        self.steps_averaged.assign_add(ops.sign(self.steps_averaged))
