"""Words as the numbers of their bytes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lrkeras.datasets.vocabulary import END

PADDING, BEGIN, FINISH, SENTENCE_END = 0, 257, 258, 259
NUM_CHARACTERS = 260
_FIRST_BYTE = 1


def character_ids(words: Iterable[str], width: int) -> np.ndarray:
    """Words as bytes of UTF-8 between two marks, as in ELMo (Peters et al. 2018).

    Byte `b` is `1 + b`, so that 0 can fill what is behind the end. The end of a sentence is one
    number of its own. A word that is too long loses its last bytes.

    Args:
        words: the words.
        width: numbers of a word, both marks among them; at least 3.

    Returns:
        int32 array `(words, width)`.
    """
    words = list(words)
    found = np.full((len(words), width), PADDING, np.int32)
    for row, word in zip(found, words, strict=True):
        inner = [SENTENCE_END] if word == END else [_FIRST_BYTE + b for b in word.encode()]
        marked = [BEGIN, *inner[: width - 2], FINISH]
        row[: len(marked)] = marked
    return found
