"""CTC of utterances of different lengths."""

from __future__ import annotations

import keras
from keras import ops

from lrkeras.tasks.papers.an4.alphabet import BLANK


@keras.saving.register_keras_serializable(package="lrkeras.papers.an4")
class PaddedCTC(keras.losses.Loss):
    """The CTC loss of each utterance, in nats (Graves et al. 2006).

    `keras.losses.CTC` takes all steps of a batch to be speech; here the padding does not count.
    Targets are int32 `(batch, 1 + characters)`: the number of steps of the utterance, then its
    characters, padded with the blank.
    """

    def __init__(self, name: str = "padded_ctc", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        """The loss of each utterance; logits `(batch, steps, outputs)`."""
        y_true = ops.cast(y_true, "int32")
        steps, characters = y_true[:, 0], y_true[:, 1:]
        lengths = ops.sum(ops.cast(characters != BLANK, "int32"), axis=-1)
        return ops.ctc_loss(characters, y_pred, lengths, steps, mask_index=BLANK)
