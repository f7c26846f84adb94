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
                logs[f"{prefix}perplexity"] = perplexity_of(logs[prefix + self.nats])


def perplexity_of(nats: float) -> float:
    """The perplexity of a mean loss in nats, as large as a number can be where it diverged."""
    return math.exp(min(float(nats), 700.0))
