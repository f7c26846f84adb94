"""Dense matrices whose entries drop out."""

from __future__ import annotations

import keras
from keras import ops

from lrkeras import structures


@keras.saving.register_keras_serializable(package="lrkeras.tasks.papers")
class DroppedMatrix(structures.Structure):
    """A dense matrix of which training drops entries, the same for all steps of a window.

    DropConnect on recurrent matrices: Merity et al. 2018 (arXiv 1708.02182), sect. 2.

    Args:
        rate: the share of the entries that is dropped, in [0, 1).
        seed: of the entries that are chosen.

    Raises:
        ValueError: the rate is out of range.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"Expected a rate in [0, 1); received {rate}.")
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def _create_weights(self, init):
        self.values = self.add_weight(
            shape=self.shape, name="values", initializer=init.normal(init.variance)
        )

    def to_dense(self, training=False):
        values = ops.convert_to_tensor(self.values)
        if not training:
            return values
        return keras.random.dropout(values, self.rate, seed=self.seed_generator)

    def _fit(self, w):
        self.values.assign(w)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
