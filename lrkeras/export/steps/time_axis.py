"""What the time axis of a tensor in a streaming model is."""

import dataclasses
import fractions
import math
from typing import Any

import keras

from lrkeras.export.conversion_error import ConversionError

STEPS, LAST, STATIC = "steps", "last", "static"


@dataclasses.dataclass(frozen=True)
class TimeAxis:
    """Which steps of the model's sequence a tensor has in one call.

    Attributes:
        kind: `"steps"`: its second axis is time. `"last"`: it has none, and is what the whole
            sequence so far gives. `"static"`: it has none, and time does not change it.
        rate: Steps of the input for one of the tensor: strides and pooling make it more than one,
            repeated steps a half or less.
        delay: Own steps by which it is late: what it gives first belongs to no step. It may be
            below zero after padding.
        padding: Zeros at both ends together that are not computed: a convolution reads them.
        lacks_end: Whether the last steps of a sequence come only after more inputs.
        begun: float (batch, steps), one where the tensor has a step of the sequence, zero before;
            None if it always has.
    """

    kind: str = STEPS
    rate: int | fractions.Fraction = 1
    delay: int = 0
    padding: int = 0
    lacks_end: bool = False
    begun: Any = None

    @property
    def is_timed(self) -> bool:
        """Whether the second axis is time."""
        return self.kind == STEPS

    def last(self) -> "TimeAxis":
        """Of a result of all steps so far."""
        return TimeAxis(LAST, self.rate, lacks_end=self.lacks_end)

    def late(self, steps: int, begun: Any) -> "TimeAxis":
        """Of the same, some steps later."""
        return dataclasses.replace(self, delay=self.delay + steps, begun=begun)

    def padded(self, front: int, back: int) -> "TimeAxis":
        """Of the same with zeros before and after it."""
        return dataclasses.replace(
            self,
            delay=self.delay - front,
            padding=self.padding + front + back,
            lacks_end=self.lacks_end or back > 0,
        )

    def repeated(self, size: int, begun: Any) -> "TimeAxis":
        """Of each step `size` times."""
        rate = fractions.Fraction(self.rate) / size
        return dataclasses.replace(
            self,
            rate=rate.numerator if rate.denominator == 1 else rate,
            delay=self.delay * size,
            begun=begun,
        )


class TimeAxes:
    """Knows the time axis of each tensor of a graph that is being built."""

    def __init__(self) -> None:
        # With the tensors themselves, so that no other gets the identity of one.
        self._axes: dict[int, tuple[Any, TimeAxis]] = {}

    def note(self, tensors: Any, axis: TimeAxis) -> Any:
        """Takes note of the axis of tensors; returns them."""
        for tensor in keras.tree.flatten(tensors):
            self._axes[id(tensor)] = (tensor, axis)
        return tensors

    def of(self, tensor: Any) -> TimeAxis:
        """The axis of a tensor."""
        return self._axes[id(tensor)][1] if id(tensor) in self._axes else TimeAxis()

    @property
    def slowest(self) -> int:
        """Steps of the input that the slowest tensor has one step for."""
        return math.ceil(max([1, *(axis.rate for _, axis in self._axes.values())]))

    def joined(self, name: str, tensors: list[Any]) -> TimeAxis:
        """The axis of what is made of tensors together.

        Args:
            name: Of the layer that makes it.
            tensors: What it reads; all that have steps are equally late.

        Raises:
            ConversionError: If some have more steps than others.
        """
        axes = [self.of(tensor) for tensor in tensors]
        timed = [axis for axis in axes if axis.is_timed]
        if len({axis.rate for axis in timed}) > 1:
            raise ConversionError(
                f"Expected inputs with as many steps each in `{name}`, received some of which "
                "strides or pooling left fewer. Use form='sequence'."
            )
        if not timed:
            kind = LAST if any(axis.kind == LAST for axis in axes) else STATIC
            rate = max([axis.rate for axis in axes], default=1)
            return TimeAxis(kind, rate, lacks_end=any(axis.lacks_end for axis in axes))
        latest = max(timed, key=lambda axis: (axis.delay, axis.begun is not None))
        return dataclasses.replace(
            latest,
            padding=max(axis.padding for axis in timed),
            lacks_end=any(axis.lacks_end for axis in axes),
        )
