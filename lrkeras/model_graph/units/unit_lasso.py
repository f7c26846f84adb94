"""Group lasso over the units of a model."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from keras import ops

from lrkeras.model_graph.units.hidden_units import HiddenUnits, UnitWeight


@dataclasses.dataclass(frozen=True)
class _Side:
    """An axis of a weight along which units lie, and what counts for them.

    Attributes:
        axis: The axis.
        is_first: Where an entry does not belong to the same unit along an earlier axis too, a
            tensor of bool of the shape of the weight; `None` if that is everywhere.
    """

    axis: int
    is_first: Any


class UnitLasso:
    """Proximal steps of the sum of the norms of all units (Parikh and Boyd 2014).

    The norm of a unit is the Euclidean one of all trained weights that belong to it, in and out,
    each counted once (Wen et al. 2018, arXiv 1709.05027, eq. 5). Statistics, and weights that are
    not trained, count for nothing and stay. Everything is computed in `keras.ops`.

    Args:
        units: The units, in the variables of the model that trains.
    """

    def __init__(self, units: HiddenUnits):
        self._sizes = units.sizes
        trained = [w for w in units.weights if w.weight.trainable and not w.is_statistic]
        self._weights = [(w, sides) for w in trained if (sides := _sides(w, len(self._sizes)))]

    def step(self, threshold: Any) -> None:
        """Multiplies the weights of each unit by `max(0, 1 - threshold / norm)`.

        What belongs to two units, such as the entries of a recurrent matrix, is multiplied by the
        numbers of both. All norms are those before the step.

        Args:
            threshold: The weight of the penalty times the learning rate, a scalar.
        """
        threshold = ops.convert_to_tensor(threshold, "float32")
        factors = [ops.maximum(1 - ops.divide_no_nan(threshold, n), 0) for n in self.norms()]
        for weight, sides in self._weights:
            value = _value(weight)
            for side in sides:
                factor = _along(weight, side.axis, factors)
                if side.is_first is not None:
                    factor = ops.where(side.is_first, factor, 1.0)
                value = value * ops.cast(factor, value.dtype)
            weight.weight.assign(value)

    def norms(self) -> list[Any]:
        """The norm of each unit: for each group a tensor `(units,)`, float32."""
        sums = [ops.zeros((size,), "float32") for size in self._sizes]
        for weight, sides in self._weights:
            squares = ops.square(ops.cast(_value(weight), "float32"))
            for side in sides:
                counted = squares
                if side.is_first is not None:
                    counted = ops.where(side.is_first, squares, 0.0)
                others = tuple(i for i in range(len(weight.axes)) if i != side.axis)
                # No axes at all mean all of them to some backends.
                along = ops.sum(counted, axis=others) if others else counted
                for s in weight.axes[side.axis]:
                    if s.group is not None:
                        sums[s.group] = sums[s.group] + along[s.first : s.first + s.width]
        return [ops.sqrt(found) for found in sums]


def _value(weight: UnitWeight) -> Any:
    # PyTorch would keep what gradients need.
    return ops.stop_gradient(ops.convert_to_tensor(weight.weight))


def _along(weight: UnitWeight, axis: int, factors: list[Any]) -> Any:
    """The factors of the units along an axis, of a shape that multiplies the weight."""
    parts = [
        ops.ones((s.width,), "float32") if s.group is None else factors[s.group]
        for s in weight.axes[axis]
    ]
    shape = [1] * len(weight.axes)
    shape[axis] = -1
    return ops.reshape(ops.concatenate(parts), shape)


def _sides(weight: UnitWeight, groups: int) -> list[_Side]:
    axes = range(len(weight.axes))
    numbers = [_numbers(weight, axis, groups) for axis in axes]
    sides = []
    for axis in axes:
        if not weight.groups(axis):
            continue
        is_first = np.ones([len(n) for n in numbers], bool)
        for earlier in range(axis):
            # Each along its own axis, against each other.
            is_first &= np.expand_dims(
                numbers[axis], [a for a in axes if a != axis]
            ) != np.expand_dims(numbers[earlier], [a for a in axes if a != earlier])
        everywhere = bool(is_first.all())
        sides.append(_Side(axis, None if everywhere else ops.convert_to_tensor(is_first, "bool")))
    return sides


def _numbers(weight: UnitWeight, axis: int, groups: int) -> np.ndarray:
    """A number for each place along an axis: one for each unit, and one of the axis for no unit."""
    return np.concatenate(
        [
            np.full(s.width, -1 - axis)
            if s.group is None
            else s.group + groups * np.arange(s.width)
            for s in weight.axes[axis]
        ]
    )
