"""From a model's logits to the words that fit what has been typed."""

from __future__ import annotations

import bisect
import numbers
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from lrkeras.datasets.keyboard_text import WORD
from lrkeras.tasks.keyboard.typed_text import SENTENCE_ENDS

# The marks that are suggested.
MARKS = frozenset((".", ",", "?", "!"))


class WordRanking:
    """The likeliest words that may be shown: no special token, symbol or blocked word.

    Args:
        words: the vocabulary of the model, a word's place being its id.
        blocked: words never to be shown.

    Example:
    >>> ranking = WordRanking(["<unk>", "<eos>", "don't", "do", "we"])
    >>> ranking.best(np.array([9.0, 8, 2, 1, 3]), count=2)
    ['we', "don't"]
    >>> ranking.best(np.array([9.0, 8, 2, 1, 3]), prefix="dont", count=2)
    ["don't"]
    """

    def __init__(self, words: Sequence[str], blocked: Iterable[str] = ()) -> None:
        self.words = tuple(words)
        self.ids = {word: i for i, word in enumerate(self.words)}
        self._hidden = set(blocked)
        shown = [
            (word, i)
            for i, word in enumerate(self.words)
            if _is_shown(word) and word not in self._hidden
        ]
        self._ids = np.array([i for _, i in shown], dtype=np.int64)
        marks = [i for i, word in enumerate(self.words) if word in MARKS]
        self._mark_ids = np.array(marks, dtype=np.int64)
        # Apostrophes do not count while a word is typed: "dont" finds "don't".
        by_letters = sorted((word.replace("'", ""), i) for word, i in shown)
        self._letters = [letters for letters, _ in by_letters]
        self._letter_ids = np.array([i for _, i in by_letters], dtype=np.int64)

    def best(
        self, logits: np.ndarray, *, prefix: str = "", marks: bool = False, count: int = 3
    ) -> list[str]:
        """Returns up to `count` words, the likeliest first, those of equal logits by id.

        At most one of them is a mark, the likeliest, in the last place and where no word that fits
        there is as likely.

        Args:
            logits: one number for each word of the vocabulary.
            prefix: what the word begins with, in any case; apostrophes do not count.
            marks: whether `.`, `,`, `?` and `!` are among the candidates (without a prefix only).
            count: how many at most.

        Raises:
            ValueError: `count` is no whole number of at least 1.
        """
        check_count(count)
        prefix = prefix.lower().replace("'", "")
        ids = self._starting_with(prefix) if prefix else self._ids
        words = [self.words[i] for i in _top(logits, ids, count)]
        if prefix or not marks or not len(self._mark_ids):
            return words
        mark = self.words[_top(logits, self._mark_ids, 1)[0]]
        return with_mark(words, mark, lambda word: float(logits[self.ids[word]]), count)

    def knows(self, word: str) -> bool:
        """Whether a word, in lower case, is in the vocabulary, shown or not."""
        return word in self.ids or word in self._hidden

    def may_show(self, word: str) -> bool:
        """Whether a word, of the vocabulary or not, may be shown."""
        return word not in self._hidden and (word not in self.ids or _is_shown(word))

    def shown_letters(self) -> tuple[np.ndarray, list[str]]:
        """The ids of the words that may be shown, and their letters without apostrophes."""
        return self._letter_ids, self._letters

    def _starting_with(self, prefix: str) -> np.ndarray:
        first = bisect.bisect_left(self._letters, prefix)
        last = bisect.bisect_left(self._letters, prefix + "\U0010ffff")
        return np.sort(self._letter_ids[first:last])


def _is_shown(word: str) -> bool:
    return WORD.fullmatch(word) is not None


def check_count(count: int) -> None:
    """Raises `ValueError` unless so many words can be asked for."""
    whole = isinstance(count, numbers.Integral) and not isinstance(count, bool)
    if not whole or count < 1:
        raise ValueError(
            "Expected count to be a whole number of at least 1, of words to suggest; received "
            f"{count!r}."
        )


def with_mark(words: list[str], mark: str, score: Callable[[str], float], count: int) -> list[str]:
    """Puts a mark in the last of `count` places where it is free or the mark likelier.

    Args:
        words: up to `count` words, the likeliest first.
        mark: the mark.
        score: how likely a word or mark is.
        count: how many places there are.
    """
    if len(words) == count and score(mark) <= score(words[-1]):
        return words
    return [*words[: count - 1], mark]


def takes_mark(previous: str) -> bool:
    """Whether a mark may follow a token: not at the start of a sentence, nor after a mark."""
    return previous not in SENTENCE_ENDS and previous not in MARKS


def _top(logits: np.ndarray, ids: np.ndarray, count: int) -> np.ndarray:
    """The ids of the largest logits in falling order; `ids` rise, so that ties go to the lower."""
    values = logits[ids]
    if len(ids) > count:
        least = np.partition(values, len(values) - count)[len(values) - count]
        ids = ids[values >= least]
        values = logits[ids]
    return ids[np.argsort(-values, kind="stable")[:count]]
