"""How good translations are: BLEU (Papineni et al. 2002) as `sacrebleu` counts it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from lrkeras.system.optional_imports import require

_ORDERS = 4
_DIGITS = 2  # in base 36


@dataclasses.dataclass(frozen=True)
class TranslationScores:
    """The score of some translations, and what each of them adds.

    Attributes:
        bleu: of all, from 0 to 100.
        signature: how it was counted, as `sacrebleu` says it.
        counts: for each sentence how many of its n-grams, n from 1 to 4, are right, how many words
            it has, and how many its reference; int `(sentences, 6)`.
    """

    bleu: float
    signature: str
    counts: np.ndarray

    @classmethod
    def of(cls, given: Sequence[str], references: Sequence[str]) -> TranslationScores:
        """Holds translations against one reference each, as they are written.

        Raises:
            ImportError: sacrebleu is not installed; the message says how to install it.
        """
        metrics = require("sacrebleu.metrics", "translation")
        whole = metrics.BLEU()
        score = whole.corpus_score(list(given), [list(references)]).score
        # Of a single sentence zeros are usual, of which nobody need be told.
        single = metrics.BLEU(effective_order=True)
        counts = []
        for text, reference in zip(given, references, strict=True):
            one = single.sentence_score(text, [reference])
            counts.append([*one.counts, one.sys_len, one.ref_len])
        return cls(score, str(whole.get_signature()), np.array(counts, int).reshape(-1, 6))

    def packed(self) -> str:
        """The counts in few characters: two digits in base 36 for each."""
        return "".join(np.base_repr(n, 36).zfill(_DIGITS) for n in self.counts.ravel())


def unpacked(digits: str) -> np.ndarray:
    """The counts of `packed`, `(sentences, 6)`."""
    found = [int(digits[i : i + _DIGITS], 36) for i in range(0, len(digits), _DIGITS)]
    return np.array(found, int).reshape(-1, 2 + _ORDERS)


def bleu_of(counts: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The BLEU of the sentences of counts, some of them more than once.

    Args:
        counts: of `TranslationScores`.
        weights: how often each sentence is there, `(draws, sentences)`; once each if None.

    Returns:
        From 0 to 100, `(draws,)`; 0 where no n-gram of an order is right, where `sacrebleu` gives a
        little.
    """
    if weights is None:
        weights = np.ones((1, len(counts)), int)
    lengths = counts[:, _ORDERS]
    totals = np.maximum(lengths[:, None] - np.arange(_ORDERS), 0)
    right, there = weights @ counts[:, :_ORDERS], weights @ totals
    given, wanted = weights @ lengths, weights @ counts[:, _ORDERS + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.log(right / there).mean(1)
        brevity = np.minimum(0.0, 1 - wanted / given)
        found = 100 * np.exp(mean + brevity)
    return np.where(right.min(1) > 0, found, 0.0)
