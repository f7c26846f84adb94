"""A fixed list of words and the integers that stand for them."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence

import numpy as np

UNKNOWN = "<unk>"
END = "<eos>"


class Vocabulary:
    """A fixed list of words; a word's id is its place in the list.

    `keras.layers.StringLookup` does the same inside a graph, but needs TensorFlow on every backend.
    A phone needs the plain list anyway, so that is what is kept here and what goes into the
    metadata of a converted file.

    Args:
        words: the distinct words. They must hold `"<unk>"`, which stands for every other word, and
            `"<eos>"`, which ends an utterance.

    Raises:
        ValueError: a word is there twice, or one of the two special words is missing.

    Example:
    >>> vocabulary = Vocabulary(["<unk>", "<eos>", "hello", "there"])
    >>> vocabulary.encode(["hello", "world", "<eos>"])
    array([2, 0, 1], dtype=int32)
    >>> vocabulary.decode([2, 3])
    ['hello', 'there']
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._ids = {word: index for index, word in enumerate(self.words)}
        if len(self._ids) != len(self.words):
            repeated = collections.Counter(self.words).most_common(1)[0][0]
            raise ValueError(
                f"Every word of a vocabulary must appear once; received {repeated!r} more than "
                "once. Remove the repeated words."
            )
        for special in (UNKNOWN, END):
            if special not in self._ids:
                raise ValueError(
                    f"A vocabulary must hold {special!r}; received {len(self.words)} words without "
                    f"it. Add {special!r}, usually at the front."
                )
        self.unknown_id = self._ids[UNKNOWN]
        self.end_id = self._ids[END]

    @classmethod
    def from_tokens(
        cls,
        tokens: Iterable[str],
        max_words: int | None = None,
        *,
        special: Sequence[str] = (),
        least_count: int = 1,
    ) -> Vocabulary:
        """Keeps the most frequent words; words of equal frequency are taken in alphabetical order.

        Args:
            tokens: the training tokens.
            max_words: the size of the vocabulary, the two special words included. None keeps every
                word.
            special: words that are kept behind the two special ones, however rare they are.
            least_count: how often any other word must be there.

        Returns:
            The vocabulary, `"<unk>"` and `"<eos>"` first, then the words from frequent to rare.

        Raises:
            ValueError: `max_words` leaves no room for a word.
        """
        if max_words is not None and max_words < 3:
            raise ValueError(
                f"max_words must be at least 3 ({UNKNOWN!r}, {END!r} and one word); received "
                f"{max_words}. Pass a larger number, or None to keep every word."
            )
        counts = collections.Counter(tokens)
        first = [UNKNOWN, END, *special]
        often = {word for word, count in counts.items() if count >= least_count}
        ranked = sorted(often - set(first), key=lambda word: (-counts[word], word))
        return cls([*first, *ranked][:max_words])

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """Returns the ids of the tokens, int32, of shape `(number of tokens,)`."""
        return np.array([self._ids.get(token, self.unknown_id) for token in tokens], dtype=np.int32)

    def encode_lines(self, lines: Iterable[Iterable[str]]) -> np.ndarray:
        """Returns the ids of the tokens of lines, `"<eos>"` behind each, as one stream."""
        return self.encode(token for line in lines for token in (*line, END))

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Returns the words of the ids.

        Raises:
            IndexError: an id is not below the size of the vocabulary.
        """
        return [self.words[int(index)] for index in ids]

    def oov_rate(self, ids: np.ndarray) -> float:
        """Returns the share of ids, from 0 to 1, that stand for an out-of-vocabulary word."""
        return float(np.mean(np.asarray(ids) == self.unknown_id))
