"""The accuracy on clips of one word."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from lrkeras.datasets.clip import Clip
from lrkeras.tasks.speech_commands.ctc_scores import class_of, classify
from lrkeras.tasks.speech_commands.front_end import HOP, log_mel

# One second, and silence after it in which the network may still name a word that ends late.
_SAMPLES = 16_000 + 16 * HOP
_BATCH = 64


class SingleClips:
    """Clips of one second, scored in the twelve classes of the data set.

    Args:
        clips: what to score; longer ones are cut.

    Raises:
        ValueError: there is no clip.
    """

    def __init__(self, clips: Sequence[Clip]) -> None:
        if not clips:
            raise ValueError("Expected at least one clip to score; received none.")
        samples = np.zeros((len(clips), _SAMPLES), np.float32)
        for row, clip in zip(samples, clips, strict=True):
            part = clip.samples[: len(row)]
            row[: len(part)] = part
        self.samples = samples
        self.log_mel = np.concatenate(
            [log_mel(samples[at : at + _BATCH]) for at in range(0, len(samples), _BATCH)]
        )
        self.classes = [class_of(clip.word) for clip in clips]

    def predict(self, network: keras.Model) -> list[str]:
        """The class that a network finds in each clip."""
        return classify(network.predict(self.log_mel, batch_size=_BATCH, verbose=0))

    def accuracy(self, network: keras.Model) -> float:
        """The share of clips whose class a network finds."""
        return float(np.mean([a == b for a, b in self._pairs(self.predict(network))]))

    def hits_of(self, run: Callable[[np.ndarray], np.ndarray]) -> list[bool]:
        """Whether the class of each clip is found by a function of hops `(frames, HOP)`.

        Args:
            run: makes logits `(1, frames, outputs)`; `StepRunner.run` after `reset`.
        """
        found = [classify(run(clip.reshape(-1, HOP)))[0] for clip in self.samples]
        return [a == b for a, b in self._pairs(found)]

    def _pairs(self, found: list[str]) -> list[tuple[str, str]]:
        return list(zip(found, self.classes, strict=True))
