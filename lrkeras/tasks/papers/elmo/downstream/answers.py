"""How well answers are found in paragraphs."""

from __future__ import annotations

import collections
import re
import string

import numpy as np

LONGEST = 15  # words of an answer
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = str.maketrans("", "", string.punctuation)


def best_spans(logits: np.ndarray) -> np.ndarray:
    """The first and the last word of the likeliest answers of at most `LONGEST` words.

    Args:
        logits: `(batch, 2, words)`.

    Returns:
        int array `(batch, 2)`.
    """
    scores = logits[:, 0, :, None].astype(np.float64) + logits[:, 1, None, :]
    words = scores.shape[1]
    places = np.arange(words)
    length = places[None] - places[:, None]
    scores[:, (length < 0) | (length >= LONGEST)] = -np.inf
    best = scores.reshape(len(scores), -1).argmax(1)
    return np.stack([best // words, best % words], axis=1)


def words_of(answer: str) -> list[str]:
    """The words that count: without capitals, marks and articles, as in SQuAD's own program."""
    return _ARTICLES.sub(" ", answer.lower().translate(_MARKS)).split()


def f1(answer: str, wanted: str) -> float:
    """The harmonic mean of precision and recall of the words of an answer."""
    ours, theirs = words_of(answer), words_of(wanted)
    if not ours or not theirs:
        return float(ours == theirs)
    common = sum((collections.Counter(ours) & collections.Counter(theirs)).values())
    return 2 * common / (len(ours) + len(theirs))


def exact(answer: str, wanted: str) -> float:
    """Whether the words are the same."""
    return float(words_of(answer) == words_of(wanted))
