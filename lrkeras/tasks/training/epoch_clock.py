"""How long an epoch took."""

from __future__ import annotations

import time

import keras


class EpochClock(keras.callbacks.Callback):
    """Adds `seconds` (wall time) and `processor_seconds` of an epoch to its logs.

    Put it before whatever writes logs.
    """

    def on_epoch_begin(self, epoch, logs=None):
        self._begin = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self._begin[0]
            logs["processor_seconds"] = time.process_time() - self._begin[1]
