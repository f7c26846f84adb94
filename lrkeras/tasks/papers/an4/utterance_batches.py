"""Batches of utterances of like length."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from lrkeras.datasets.spoken_utterance import SpokenUtterance
from lrkeras.tasks.papers.an4.alphabet import BLANK, outputs_of
from lrkeras.tasks.papers.an4.augmentation import changed
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.features import stacked, with_slopes
from lrkeras.tasks.papers.like_lengths import length_of_parity


class UtteranceBatches(keras.utils.PyDataset):
    """The training utterances, changed anew in every epoch.

    Utterances of a batch have nearly the same length, so that little is padding. The first epochs
    go from short ones to long ones; then batches come in any order.

    Args:
        utterances: of the training speakers.
        config: the run.
        moments: mean and standard deviation of the features of a frame.

    Attributes:
        epoch: its number, from which with the seed everything is drawn.
    """

    def __init__(
        self,
        utterances: Sequence[SpokenUtterance],
        config: AN4Config,
        moments: tuple[np.ndarray, np.ndarray],
    ) -> None:
        super().__init__()
        self.utterances = utterances
        self.config = config
        coefficients = utterances[0].cepstra.shape[1]
        self.moments = (moments[0][:coefficients], moments[1][:coefficients])
        self.epoch = 0

    @property
    def num_batches(self) -> int:
        return -(-len(self.utterances) // self.config.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps `(batch, steps, features)` and targets of `PaddedCTC`."""
        places = self._order()[index]
        inputs = [self._steps(place) for place in places]
        texts = [self.utterances[place].text for place in places]
        steps = [len(one) for one in inputs]
        # The loss takes time for padding too, so it is that of the batch.
        return padded(inputs, length_of_parity(max(steps), index)), targets(
            texts, steps, length_of_parity(max(map(len, texts)), index)
        )

    def _order(self) -> list[np.ndarray]:
        """The places of the utterances of each batch of this epoch."""
        rng = np.random.default_rng((self.config.seed, self.epoch))
        lengths = np.array([len(one.cepstra) for one in self.utterances])
        is_ordered = self.epoch < self.config.ordered_epochs
        # Others meet in a batch each time, but of like length.
        noise = 0 if is_ordered else rng.uniform(0.9, 1.1, len(lengths))
        order = np.argsort(lengths * noise if not is_ordered else lengths, kind="stable")
        size = self.config.batch_size
        batches = [order[at : at + size] for at in range(0, len(order), size)]
        if is_ordered:
            return batches
        return [batches[place] for place in rng.permutation(len(batches))]

    def _steps(self, place: int) -> np.ndarray:
        config, one = self.config, self.utterances[place]
        rng = np.random.default_rng((config.seed, self.epoch, place))
        cepstra = changed(one.cepstra, config, self.moments, rng)
        first = int(rng.integers(config.stacked_frames))
        return stacked(with_slopes(cepstra), config.stacked_frames, first)


def padded(inputs: Sequence[np.ndarray], longest: int) -> np.ndarray:
    """Utterances `(steps, features)` as one float32 array `(batch, longest, features)`."""
    whole = np.zeros((len(inputs), longest, inputs[0].shape[1]), np.float32)
    for row, one in zip(whole, inputs, strict=True):
        row[: len(one)] = one
    return whole


def targets(texts: Sequence[str], steps: Sequence[int], longest: int) -> np.ndarray:
    """Targets of `PaddedCTC`, int32 of shape `(batch, 1 + longest)`."""
    whole = np.full((len(texts), 1 + longest), BLANK, np.int32)
    for row, text, count in zip(whole, texts, steps, strict=True):
        row[0] = count
        row[1 : 1 + len(text)] = outputs_of(text)
    return whole
