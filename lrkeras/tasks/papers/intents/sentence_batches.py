"""What is trained on, batch by batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from lrkeras.tasks.papers.intents.encoded_corpus import EncodedCorpus
from lrkeras.tasks.papers.like_lengths import batches_of_like_length


class SentenceBatches(keras.utils.PyDataset):
    """The training sentences in batches of like length, in another order each epoch.

    Args:
        corpus: what is trained on.
        batch_size: sentences of a batch.
        seed: of the run.

    Attributes:
        epoch: set at the start of each; with the seed it gives the order.
    """

    def __init__(self, corpus: EncodedCorpus, batch_size: int, seed: int) -> None:
        super().__init__()
        self._corpus, self._batch_size, self._seed = corpus, batch_size, seed
        self._lengths = np.array([len(one.words) for one in corpus.train])
        self.epoch = 0

    @property
    def epoch(self) -> int:
        """Which order the batches are in."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epoch = epoch
        self._batches = self._drawn(np.random.default_rng((self._seed, epoch)))

    def _drawn(self, rng: np.random.Generator) -> list[np.ndarray]:
        batches = batches_of_like_length(self._lengths, self._batch_size, rng)
        # Keras takes the length for one of all batches if it is that of the first two.
        longest = [int(self._lengths[batch].max()) for batch in batches]
        other = next((n for n, length in enumerate(longest) if length != longest[0]), 0)
        if other:
            batches[1], batches[other] = batches[other], batches[1]
        return batches

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, dict[str, Any]]:
        """Words `(sentences, length)`, and the numbers of intents and, with slots, of tags."""
        sentences = [self._corpus.train[place] for place in self._batches[index]]
        words = self._corpus.words_of(sentences)
        targets = {"intent": self._corpus.intents_of(sentences)}
        if self._corpus.tags:
            targets["slots"] = self._corpus.tags_of(sentences, words.shape[1])
        return words, targets
