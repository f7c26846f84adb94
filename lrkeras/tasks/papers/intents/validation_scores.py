"""Scores of the validation sentences, epoch by epoch."""

from __future__ import annotations

import keras

from lrkeras.tasks.papers.intents.encoded_corpus import EncodedCorpus
from lrkeras.tasks.papers.intents.intent_scores import IntentScores
from lrkeras.tasks.papers.intents.model import outputs_of


class ValidationScores(keras.callbacks.Callback):
    """Adds `val_accuracy` and, with slots, `val_slot_f1` to the logs of an epoch.

    Put it before whatever writes logs.

    Args:
        corpus: whose validation sentences are read.
    """

    def __init__(self, corpus: EncodedCorpus) -> None:
        super().__init__()
        self._corpus = corpus

    def on_epoch_end(self, epoch, logs=None) -> None:
        if logs is not None:
            outputs = outputs_of(self.model, self._corpus, self._corpus.valid)
            logs.update(IntentScores.of(self._corpus, self._corpus.valid, outputs).named("val"))
