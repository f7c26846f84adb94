"""A text in windows, each row of a batch for itself."""

from __future__ import annotations

import math

import keras
import numpy as np


class TextWindows(keras.utils.PyDataset):
    """Windows of a text in any order, with words that are drawn for the loss.

    In every epoch the windows begin elsewhere.

    Args:
        ids: the text, int array `(words,)`; from frequent to rare.
        characters: `character_ids` of all ids.
        num_words: ids from here on are predicted as `unknown_id`.
        unknown_id: what stands for these.
        window: words of a row.
        batch_size: rows.
        negatives: words drawn for a batch; the batch size must divide it.
        seed: of the run.

    Attributes:
        epoch: its number, from which with the seed everything is drawn.

    Raises:
        ValueError: the text is too short for one batch, or the negatives do not fill its rows.

    A batch is `((characters, words, drawn), words)`: int32 of shapes `(batch_size, window,
    characters)`, `(batch_size, window)` and `(batch_size, negatives / batch_size)`.
    """

    def __init__(
        self,
        ids: np.ndarray,
        characters: np.ndarray,
        *,
        num_words: int,
        unknown_id: int,
        window: int,
        batch_size: int,
        negatives: int,
        seed: int,
    ) -> None:
        super().__init__()
        if negatives % batch_size:
            raise ValueError(
                f"Expected a number of negatives that {batch_size} rows divide; received "
                f"{negatives}."
            )
        if len(ids) < window * (batch_size + 1):
            raise ValueError(
                f"Expected at least {window * (batch_size + 1)} words for batches of {batch_size} "
                f"windows of {window}; received {len(ids)}. Use more text or smaller batches."
            )
        self.ids, self.characters = ids, characters
        self.num_words, self.unknown_id = num_words, unknown_id
        self.window, self.batch_size, self.negatives = window, batch_size, negatives
        self.seed, self.epoch = seed, 0

    @property
    def num_batches(self) -> int:
        # One window less than there are: the first may begin behind the first word.
        return (len(self.ids) // self.window - 1) // self.batch_size

    def __getitem__(self, index: int) -> tuple:
        rng = np.random.default_rng((self.seed, self.epoch))
        first = int(rng.integers(self.window))
        order = rng.permutation(len(self.ids) // self.window - 1)
        chosen = order[index * self.batch_size : (index + 1) * self.batch_size]
        places = first + chosen[:, None] * self.window + np.arange(self.window)
        rows = self.ids[places]
        words = predicted(rows, self.num_words, self.unknown_id)
        rng = np.random.default_rng((self.seed, self.epoch, index))
        drawn = log_uniform(
            rng, self.num_words, (self.batch_size, self.negatives // self.batch_size)
        )
        return (self.characters[rows], words, drawn), words


def predicted(ids: np.ndarray, num_words: int, unknown_id: int) -> np.ndarray:
    """Ids as they are predicted: rare words are the unknown one."""
    return np.where(ids < num_words, ids, unknown_id).astype(np.int32)


def log_uniform(rng: np.random.Generator, num_words: int, shape: tuple[int, ...]) -> np.ndarray:
    """Ids drawn with a probability of `log((id + 2) / (id + 1)) / log(num_words + 1)`, int32.

    Nearly how often words are there, when they lie from frequent to rare.
    """
    drawn = np.exp(rng.uniform(0.0, math.log(num_words + 1), shape)) - 1
    return np.minimum(drawn.astype(np.int32), num_words - 1)
