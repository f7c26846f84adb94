"""CTC that is told where the words are."""

from __future__ import annotations

import keras
from keras import ops

from lrkeras.tasks.speech_commands.labels import BLANK


@keras.saving.register_keras_serializable(package="lrkeras.speech_commands")
class AlignedCTC(keras.losses.Loss):
    """The CTC loss of a string, plus the cross-entropy of its frames.

    Where strings are made of single words, the place of each word is known. CTC alone stays for
    thousands of batches where every output is the blank; told which frames end a word, a network
    leaves there within a hundred, and later names words soon after their end.

    Targets are int32 `(batch, words + frames)`: the outputs of the string, padded with the blank,
    then an output for each frame.

    Args:
        words: the number of places for the outputs of a string.
        frame_weight: the weight of the cross-entropy, summed over the frames.
    """

    def __init__(self, words: int, frame_weight: float = 0.25, name: str = "aligned_ctc"):
        super().__init__(name=name)
        self.words = words
        self.frame_weight = frame_weight

    def call(self, y_true, y_pred):
        """The loss of each string; logits `(batch, frames, outputs)`."""
        outputs, frames = y_true[:, : self.words], y_true[:, self.words :]
        lengths = ops.sum(ops.cast(outputs != BLANK, "int32"), axis=-1)
        steps = ops.full_like(lengths, y_pred.shape[1])
        ctc = ops.ctc_loss(outputs, y_pred, lengths, steps, mask_index=BLANK)
        entropy = ops.sparse_categorical_crossentropy(frames, y_pred, from_logits=True)
        return ctc + self.frame_weight * ops.sum(entropy, axis=-1)

    def get_config(self):
        return {"words": self.words, "frame_weight": self.frame_weight, "name": self.name}
