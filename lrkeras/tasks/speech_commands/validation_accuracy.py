"""The accuracy on unseen speakers in the training logs."""

from __future__ import annotations

import keras

from lrkeras.callbacks.structure_callback import StructureCallback
from lrkeras.tasks.speech_commands.single_clips import SingleClips


class ValidationAccuracy(StructureCallback):
    """Adds `val_accuracy` to the logs of every epoch; put it before `CSVLogger`.

    Args:
        clips: what is scored.
        network: what scores it; a part of the model that is trained.
    """

    def __init__(self, clips: SingleClips, network: keras.Model) -> None:
        super().__init__()
        self.clips = clips
        self.network = network

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            self._sync()
            logs["val_accuracy"] = self.clips.accuracy(self.network)
