"""Perplexities in the logs."""

from __future__ import annotations

import math

import keras


class PerplexityLogger(keras.callbacks.Callback):
    """Adds `perplexity` and `val_perplexity`, from mean losses in nats that are there, to the logs.

    Put it before whatever writes logs. The perplexity of a training is over the epoch, noise
    included; that of the validation is of the model at its end.

    Args:
        nats: name of the metric that is the mean loss of a token.
    """

    def __init__(self, nats: str = "nats") -> None:
        super().__init__()
        self.nats = nats

    def on_epoch_end(self, epoch, logs=None) -> None:
        for prefix in ("", "val_"):
            if prefix + self.nats in logs:
                value = min(float(logs[prefix + self.nats]), 700.0)
                logs[f"{prefix}perplexity"] = math.exp(value)
