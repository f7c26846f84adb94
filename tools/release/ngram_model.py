"""A back-off n-gram model, the rival that needs no training of a network."""

from __future__ import annotations

import collections
import os

import numpy as np

from lrkeras.datasets.vocabulary import END, UNKNOWN, Vocabulary

_START, _STOP = "<s>", "</s>"


class NgramModel:
    """Reads an ARPA file, as IRSTLM, SRILM and KenLM write it, and predicts with it.

    The probability of a word after a context is that of the longest n-gram in the file that fits,
    times the back-off weights of the contexts that were given up for it (Katz 1987). `"<eos>"`, by
    which a message begins and ends here, is `<s>` as a context and `</s>` as a word.

    Args:
        path: the file.
        vocabulary: the words; those that the file does not have get no probability.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no ARPA file.
    """

    def __init__(self, path: str | os.PathLike, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.order = 0
        self.ngrams = 0
        # Context, as ids -> its words and their log10 probabilities.
        found: dict[tuple[int, ...], tuple[list[int], list[float]]] = collections.defaultdict(
            lambda: ([], [])
        )
        self._backoff: dict[tuple[int, ...], float] = {}
        ids = {word: i for i, word in enumerate(vocabulary.words)}
        ids |= {_START: -1, _STOP: ids[END], UNKNOWN: ids[UNKNOWN]}
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                self._read(line, ids, found)
        if self.order == 0:
            raise ValueError(
                f"Expected an ARPA file with a section '\\1-grams:'; received {os.fspath(path)!r}."
            )
        self._following = {
            context: (np.array(words), np.array(values))
            for context, (words, values) in found.items()
        }
        self._context: tuple[int, ...] = ()

    def _read(self, line: str, ids: dict, found: dict) -> None:
        line = line.rstrip("\n")
        if line.startswith("\\") and line.endswith("-grams:"):
            self.order = int(line[1 : line.index("-")])
            return
        fields = line.split()
        if self.order == 0 or len(fields) < self.order + 1:
            return
        words = fields[1 : self.order + 1]
        if any(word not in ids for word in words):
            return
        key = tuple(ids[word] for word in words)
        self.ngrams += 1
        if key[-1] >= 0:
            found[key[:-1]][0].append(key[-1])
            found[key[:-1]][1].append(float(fields[0]))
        if len(fields) > self.order + 1:
            self._backoff[key] = float(fields[-1])

    def reset(self) -> None:
        """Starts a message."""
        self._context = ()

    def feed(self, token: int) -> np.ndarray:
        """Takes a token; returns the natural-log probabilities of the next one."""
        starts = token == self.vocabulary.end_id
        self._context = (-1,) if starts else (*self._context, token)[-(self.order - 1) :]
        scores = np.full(len(self.vocabulary), -99.0)
        for length in range(min(len(self._context), self.order - 1) + 1):
            context = self._context[len(self._context) - length :]
            if length:
                scores = scores + self._backoff.get(context, 0.0)
            if context in self._following:
                words, values = self._following[context]
                scores[words] = values
        return scores * np.log(10)
