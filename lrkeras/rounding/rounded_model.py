"""A model that trains with rounded weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.rounding.held_weight import HeldWeight, held_weights
from lrkeras.rounding.least_squares import Rounded, largest_integer, round_weights
from lrkeras.rounding.straight_through import straight_through


@keras.saving.register_keras_serializable(package="lrkeras")
class RoundedModel(keras.Model):
    """A Functional model whose layers multiply with rounded weights.

    Its layers and weights are those of an ordinary model. While it is called, training or not,
    each weight in `rounded` is `scale * integers` in its layer's place; gradients pass to the
    weight itself (`straight_through`). Each is rounded once a call, not once a time step. Layers
    that are called by themselves, outside of the model, have the weights that are not rounded.

    `lrkeras.quantize_aware` makes one, `lrkeras.convert` stores what it computes with.

    Args:
        inputs, outputs, name: As `keras.Model` takes them; the layers become those of this model.
        bits: 4 or 8.
        rounded: Which of the weights that `held_weights` gives for the model, by number. Layers
            that a class makes by itself have other names in every copy.

    Attributes:
        bits: Bits of an integer.

    Raises:
        ValueError: If the model has no such weight.
    """

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        name: str | None = None,
        *,
        bits: int = 4,
        rounded: Sequence[int] = (),
        **kwargs: Any,
    ):
        largest_integer(bits)
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)
        self.bits = bits
        self._numbers = tuple(int(number) for number in rounded)
        self._scales = [
            self.add_weight(
                shape=[
                    size if axis in weight.axes else 1
                    for axis, size in enumerate(weight.variable.shape)
                ],
                initializer="ones",
                trainable=False,
                dtype=weight.variable.dtype,
                name=f"scale_{number}",
            )
            for number, weight in enumerate(self._held())
        ]

    @property
    def rounded(self) -> tuple[str, ...]:
        """Names of the rounded weights."""
        return tuple(weight.name for weight in self._held())

    def fit_scales(self) -> None:
        """Sets every scale to that of the least squared error for the weights as they are now."""
        for weight, scale in zip(self._held(), self._scales, strict=True):
            values = np.asarray(ops.convert_to_numpy(weight.variable), np.float32)
            scale.assign(round_weights(values, self.bits, weight.axes).scale)

    def weight_of(self, name: str) -> HeldWeight:
        """The weight of a name in `rounded`."""
        return self._held()[self.rounded.index(name)]

    def scale_of(self, name: str) -> keras.Variable:
        """The scales of a weight in `rounded`, of its rank."""
        return self._scales[self.rounded.index(name)]

    def rounded_weights(self) -> dict[str, Rounded]:
        """The integers and scales of the rounded weights, by name."""
        top, found = largest_integer(self.bits), {}
        for weight, variable in zip(self._held(), self._scales, strict=True):
            values = np.asarray(ops.convert_to_numpy(weight.variable), np.float32)
            scale = np.asarray(ops.convert_to_numpy(variable), np.float32)
            integers = np.clip(np.rint(values / scale), -top, top).astype(np.int8)
            found[weight.name] = Rounded(integers, scale, self.bits)
        return found

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any):
        """As a Functional model, with rounded weights."""
        with self._in_place():
            return super().call(inputs, training=training, mask=mask, **kwargs)

    @contextlib.contextmanager
    def _in_place(self) -> Iterator[None]:
        """While it lasts, the layers of the model have the rounded weights."""
        held = self._held()
        for weight, scale in zip(held, self._scales, strict=True):
            rounded = straight_through(weight.variable, scale, self.bits)
            # Variables are cast to what their layer computes in as they are read.
            weight.holder[weight.key] = ops.cast(rounded, weight.owner.compute_dtype)
        try:
            yield
        finally:
            for weight in held:
                weight.holder[weight.key] = weight.variable

    def _held(self) -> list[HeldWeight]:
        """The rounded weights, in their order."""
        known = self.__dict__.get("_held_weights")
        if known is None:
            weights = held_weights(self)
            if any(not 0 <= number < len(weights) for number in self._numbers):
                raise ValueError(
                    f"Expected numbers of the {len(weights)} weights of the model {self.name!r}, "
                    f"received {self._numbers}."
                )
            known = [weights[number] for number in self._numbers]
            # Beside Keras's bookkeeping: the layers hold these variables already.
            self.__dict__["_held_weights"] = known
        return known

    def get_config(self) -> dict[str, Any]:
        """That of a Functional model, with the bits and the numbers."""
        return {**super().get_config(), "bits": self.bits, "rounded": list(self._numbers)}
