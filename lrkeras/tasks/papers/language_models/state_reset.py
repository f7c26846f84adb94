"""When carried states are forgotten."""

from __future__ import annotations

import keras

from lrkeras.tasks.papers.language_models.model import reset_states


class StateReset(keras.callbacks.Callback):
    """Lets every epoch and every validation start from states of zero."""

    def on_epoch_begin(self, epoch, logs=None) -> None:
        reset_states(self.model)

    def on_test_begin(self, logs=None) -> None:
        # Between two epochs: the states of the training are not needed any more.
        reset_states(self.model)
