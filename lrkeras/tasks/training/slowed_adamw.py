"""AdamW that takes smaller steps with some weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="lrkeras.tasks")
class SlowedAdamW(keras.optimizers.AdamW):
    """AdamW whose rate is a share of the usual one for weights of some names.

    The weights of a product of many factors, such as the generators of Toeplitz-like matrices,
    change the whole matrix at once: at the rate of other weights they diverge.

    Args:
        learning_rate: of all other weights; a number or a schedule.
        slowed: names of weights, `"circulant"` for example, without the path to them.
        share: the factor of their rate.
        **kwargs: as `keras.optimizers.AdamW` takes them.
    """

    def __init__(
        self, learning_rate: Any = 1e-3, *, slowed: Sequence[str], share: float, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.slowed, self.share = tuple(slowed), share

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable; Keras calls it."""
        # TensorFlow's own variables have a number behind their name.
        name = variable.name.partition(":")[0].rpartition("/")[2]
        rate = learning_rate * self.share if name in self.slowed else learning_rate
        super().update_step(gradient, variable, rate)

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "slowed": list(self.slowed), "share": self.share}
