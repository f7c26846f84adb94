"""What is trained on, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from lrkeras.tasks.papers.like_lengths import batches_of_like_length, length_of_parity
from lrkeras.tasks.papers.translation.sub_words import END, PADDING, START, SubWords, padded

Batch = tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]


class PairBatches(keras.utils.PyDataset):
    """Pairs in batches of like length, in another order each epoch.

    Args:
        pairs: sentences and their translations.
        sub_words: makes ids of them.
        longest: sub-words of the longest sentence; pairs with a longer one are left out.
        batch_size: pairs of a batch.
        seed: of the run.

    Attributes:
        epoch: set at the start of each; with the seed it gives the order.
    """

    def __init__(
        self,
        pairs: Sequence[tuple[str, str]],
        sub_words: SubWords,
        longest: int,
        batch_size: int,
        seed: int = 0,
    ) -> None:
        super().__init__()
        ids = [sub_words.encode(texts) for texts in zip(*pairs, strict=True)]
        fits = [place for place, pair in enumerate(zip(*ids, strict=True)) if _fits(pair, longest)]
        self._sources, self._targets = ([side[place] for place in fits] for side in ids)
        # The decoder takes most of the time of a step: its end is one more sub-word.
        self._lengths = np.array(
            [max(len(s), len(t) + 1) for s, t in zip(self._sources, self._targets, strict=True)]
        )
        self._batch_size, self._seed = batch_size, seed
        self.epoch = 0

    @property
    def epoch(self) -> int:
        """Which order the batches are in."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epoch = epoch
        rng = np.random.default_rng((self._seed, epoch))
        self._batches = batches_of_like_length(self._lengths, self._batch_size, rng)

    @property
    def num_pairs(self) -> int:
        """Pairs that are not too long."""
        return len(self._lengths)

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> Batch:
        """Inputs, next sub-words and weights, which are 0 for padding.

        The inputs are the source, int32 `(pairs, length)`, and the target, which begins with the
        start; next sub-words end with the end.
        """
        places = self._batches[index]
        sources, targets = ([side[place] for place in places] for side in self._sides())
        lengths = [length_of_parity(max(map(len, side)), index) for side in (sources, targets)]
        before = padded([[START, *ids] for ids in targets], lengths[1] + 1)
        after = padded([[*ids, END] for ids in targets], lengths[1] + 1)
        return (padded(sources, lengths[0]), before), after, (after != PADDING).astype("float32")

    def _sides(self) -> tuple[list[list[int]], list[list[int]]]:
        return self._sources, self._targets


def _fits(pair: Sequence[Sequence[int]], longest: int) -> bool:
    return max(map(len, pair)) <= longest and min(map(len, pair)) > 0
