"""Word errors of the validation speakers in the training logs."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from lrkeras.datasets.spoken_utterance import SpokenUtterance
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.decoding import keras_logits, texts_of
from lrkeras.tasks.papers.an4.padded_ctc import PaddedCTC
from lrkeras.tasks.papers.an4.utterance_batches import padded, targets
from lrkeras.tasks.papers.an4.word_errors import WordErrors


class ValidationWords(keras.callbacks.Callback):
    """Adds `val_loss` (nats an utterance) and `val_word_error_rate` (greedy) to every epoch's logs.

    Put it before whatever writes logs.

    Args:
        utterances: of the validation speakers.
        config: the run.
    """

    def __init__(self, utterances: Sequence[SpokenUtterance], config: AN4Config) -> None:
        super().__init__()
        self.utterances = utterances
        self.config = config

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logits = keras_logits(self.model, self.utterances, self.config)
            logs["val_loss"] = mean_loss(logits, self.utterances)
            found = WordErrors.of(self.utterances, texts_of(logits, "greedy"))
            logs["val_word_error_rate"] = found.rate


def mean_loss(logits: Sequence[np.ndarray], utterances: Sequence[SpokenUtterance]) -> float:
    """The mean CTC loss of an utterance in nats; logits `(steps, outputs)` of each."""
    steps = [len(one) for one in logits]
    texts = [one.text for one in utterances]
    wanted = targets(texts, steps, max(map(len, texts)))
    losses = PaddedCTC(reduction=None)(wanted, padded(logits, max(steps)))
    return float(np.mean(ops.convert_to_numpy(losses)))
