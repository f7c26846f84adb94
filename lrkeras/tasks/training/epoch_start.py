"""What is set anew at the start of an epoch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


class EpochStart(keras.callbacks.Callback):
    """Derives all that is drawn in an epoch from the seed of the run and the epoch's number.

    A training that goes on after an epoch then draws what it would have drawn without the stop:
    Keras leaves the states of random generators out of what it saves.

    Args:
        seed: of the run.
        batches: its training data, whose attribute `epoch` is set; None for data that are the same
            in every epoch.
    """

    def __init__(self, seed: int, batches: Any = None) -> None:
        super().__init__()
        self.seed = seed
        self.batches = batches

    def on_epoch_begin(self, epoch, logs=None) -> None:
        if self.batches is not None:
            self.batches.epoch = epoch
        states = [v for v in self.model.variables if v.path.endswith("seed_generator_state")]
        for place, state in enumerate(states):
            state.assign(random_state(self.seed, epoch, place).astype(state.dtype))


def random_state(seed: int, epoch: int, place: int) -> np.ndarray:
    """The state of a run's random generator, the one at a place among them, at an epoch's start."""
    drawn = np.random.SeedSequence((seed, epoch, place)).generate_state(1)[0]
    return np.array([drawn & 0x7FFFFFFF, 0])
