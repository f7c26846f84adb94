"""Words of a person among those of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lrkeras.tasks.keyboard.personal_words import PersonalWords
from lrkeras.tasks.keyboard.word_ranking import MARKS, WordRanking, with_mark


def ranked(
    personal: PersonalWords,
    ranking: WordRanking,
    best: Sequence[str],
    logits: np.ndarray,
    *,
    previous: str,
    prefix: str = "",
    count: int = 3,
) -> list[str]:
    """The likeliest words where the probabilities of both are mixed, a mark in the last place.

    Args:
        personal: the person's words.
        ranking: the model's.
        best: as many words, a mark among them, as `WordRanking.best` gives.
        logits: the model's, of every word.
        previous: the token before the word.
        prefix: what the word begins with, in any case; apostrophes do not count.
        count: how many words at most.
    """
    weight, log_sum = personal.weight, float(np.logaddexp.reduce(logits, dtype=np.float64))
    prefix = prefix.lower().replace("'", "")

    def likely(word: str) -> float:
        number = ranking.ids.get(word)
        return 0.0 if number is None else (1 - weight) * math.exp(logits[number] - log_sum)

    scores = {word: likely(word) for word in best}
    for word, probability in personal.probabilities(previous).items():
        if word.replace("'", "").startswith(prefix) and ranking.may_show(word):
            scores[word] = scores.get(word, likely(word)) + weight * probability
    words = [word for word in sorted(scores, key=lambda word: -scores[word]) if word not in MARKS]
    mark = next((word for word in best if word in MARKS), None)
    if mark is None:
        return words[:count]
    return with_mark(words[:count], mark, lambda word: scores[word], count)
