"""What is set anew at the start of an epoch and of a validation."""

from __future__ import annotations

import keras
import numpy as np

from lrkeras.tasks.papers.model import reset_states


class EpochStart(keras.callbacks.Callback):
    """Resets the carried states, and derives all noise of an epoch from the seed and its number.

    A training that goes on after an epoch then draws what it would have drawn without the stop:
    Keras leaves the states of random generators out of what it saves.

    Args:
        seed: of the run.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch, logs=None) -> None:
        reset_states(self.model)
        states = [v for v in self.model.variables if v.path.endswith("seed_generator_state")]
        for place, state in enumerate(states):
            drawn = np.random.SeedSequence((self.seed, epoch, place)).generate_state(1)[0]
            state.assign(np.array([drawn & 0x7FFFFFFF, 0], dtype=state.dtype))

    def on_test_begin(self, logs=None) -> None:
        # Between two epochs: the states of the training are not needed any more.
        reset_states(self.model)
