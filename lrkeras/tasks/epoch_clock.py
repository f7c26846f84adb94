"""How long an epoch took."""

from __future__ import annotations

import time

import keras


class EpochClock(keras.callbacks.Callback):
    """Adds the `seconds` of an epoch (wall time) to its logs; comes before what keeps these."""

    def on_epoch_begin(self, epoch, logs=None):
        self._begin = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self._begin
