"""Perplexities and processor time in the logs."""

from __future__ import annotations

import math
import time

import keras


class PerplexityLogger(keras.callbacks.Callback):
    """Adds `perplexity`, `val_perplexity` and `processor_seconds` to the logs.

    Put it before whatever writes logs. The perplexity of a training is over the epoch, noise
    included; that of the validation is of the model at its end.
    """

    def on_epoch_begin(self, epoch, logs=None) -> None:
        self._begin = time.process_time()

    def on_epoch_end(self, epoch, logs=None) -> None:
        for key in ("nats", "val_nats"):
            if key in logs:
                name = key.replace("nats", "perplexity")
                logs[name] = math.exp(min(float(logs[key]), 700.0))
        logs["processor_seconds"] = time.process_time() - self._begin
