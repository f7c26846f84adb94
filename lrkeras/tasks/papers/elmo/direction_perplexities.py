"""Perplexities of both directions in the logs."""

from __future__ import annotations

import keras

from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.papers.elmo.elmo_text import ElmoText
from lrkeras.tasks.papers.elmo.language_model import perplexities


class DirectionPerplexities(keras.callbacks.Callback):
    """Adds `val_forward_perplexity` and `val_backward_perplexity` to the logs of an epoch.

    Put it before whatever writes logs.

    Args:
        config: the run.
        text: its `valid` is measured, over all words that are predicted.
    """

    def __init__(self, config: ElmoConfig, text: ElmoText) -> None:
        super().__init__()
        self.config, self.text = config, text

    def on_epoch_end(self, epoch, logs=None) -> None:
        if logs is not None:
            found = perplexities(self.model, self.config, self.text, self.text.valid)
            logs |= {f"val_{way}_perplexity": value for way, value in found.items()}
