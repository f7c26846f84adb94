"""What a frozen language model makes of texts."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np

from lrkeras.datasets.vocabulary import END
from lrkeras.tasks.papers.elmo.character_ids import character_ids
from lrkeras.tasks.papers.elmo.downstream.example import Example, Words

_ROWS = 32


class FrozenTexts:
    """The layers of a `bilm` for each word of some texts, computed once.

    A text is read between two ends of a line, as the language model knew lines.

    Args:
        model: the `bilm`.
        characters: bytes of a word that it reads.
        texts: words of each; one that is there twice is read once.
    """

    def __init__(self, model: keras.Model, characters: int, texts: Iterable[Words]) -> None:
        self._layers: dict[Words, np.ndarray] = {}
        # Half the memory, and far finer than what is learnt from it.
        ordered = sorted(set(texts), key=lambda words: (len(words), words))
        for first in range(0, len(ordered), _ROWS):
            some = ordered[first : first + _ROWS]
            rows = np.zeros((len(some), len(some[-1]) + 2, characters), np.int32)
            for row, words in zip(rows, some, strict=True):
                row[: len(words) + 2] = character_ids([END, *words, END], characters)
            found = model.predict_on_batch(rows).astype(np.float16)
            for words, layers in zip(some, found, strict=True):
                self._layers[words] = layers[1 : 1 + len(words)].copy()

    def of(self, words: Words) -> np.ndarray:
        """The layers of a text, float16 `(words, layers, width)`."""
        return self._layers[words]

    @property
    def shape(self) -> tuple[int, int]:
        """Layers and width of a word."""
        return next(iter(self._layers.values())).shape[1:]


def texts_of(*parts: Iterable[Example]) -> Iterable[Words]:
    """All texts of the examples of some parts."""
    return (words for part in parts for one in part for words in one.texts)
