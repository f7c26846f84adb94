"""From a word with typing errors to the word that was meant."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping

import numpy as np

from lrkeras.tasks.keyboard.personal_words import PersonalWords
from lrkeras.tasks.keyboard.typed_text import TypedText
from lrkeras.tasks.keyboard.typing_errors import base, cost, most_edits
from lrkeras.tasks.keyboard.word_ranking import WordRanking

# Weights of a logistic regression on the validation texts of `measure_corrections.py`, with an
# error in 20 words: whether the best candidate is what was meant. Clear is better than even.
_MODEL, _COST, _PER_LETTER, _AHEAD, _BIAS = 0.35, 0.7, 0.2, 0.8, 0.4
_FARTHEST_AHEAD = 3.0


class Corrector:
    """Corrects a word that is not in the vocabulary, where the evidence is clear.

    Left alone is what may be right: a word of the vocabulary or the person's own, one with capitals
    behind its first letter (or with a first one inside of a sentence: a name, unless it is near a
    word that is written so), with digits or
    other characters in its run, with accents that were typed as characters of their own.

    Args:
        ranking: the words that may be suggested; only these take a word's place.
        unknown: the id of the unknown word.
        personal: words of the person.
        spellings: words that are written with capitals, by what they are in lower case.
    """

    def __init__(
        self,
        ranking: WordRanking,
        unknown: int,
        personal: PersonalWords | None = None,
        spellings: Mapping[str, str] = types.MappingProxyType({}),
    ) -> None:
        self.ranking = ranking
        self.unknown = unknown
        self.personal = personal
        self.spellings = spellings
        self.letters = Letters(ranking)

    def correct(self, typed: TypedText, logits: Callable[[], np.ndarray]) -> str | None:
        """Returns the word in lower case that was meant, or None.

        Args:
            typed: the text, right behind the word.
            logits: gives the model's logits after `typed.context`; called only if need be.
        """
        found = self.best(typed, logits)
        return None if found is None or found[1] < 0 else found[0]

    def best(self, typed: TypedText, logits: Callable[[], np.ndarray]) -> tuple[str, float] | None:
        """Returns the likeliest word that few edits lead to, and the evidence for it.

        The likeliest has the largest log-probability here less the cost of the edits. The evidence
        weighs it against the unknown word's, the cost, the length (the longer a word, the less few
        edits lead to another by chance) and how far the next candidate is behind; it is positive
        where it is clear.
        """
        if self.leaves_alone(typed):
            return None
        letters = typed.prefix.lower().replace("'", "")
        costs = self.letters.near(letters, most_edits(len(letters)))
        if typed.prefix[0].isupper() and not typed.starts_sentence:
            names = (word for word, written in self.spellings.items() if written[0].isupper())
            kept = {self.ranking.ids[name] for name in names if name in self.ranking.ids}
            costs = {i: cost for i, cost in costs.items() if i in kept}
        if not costs:
            return None
        values = logits()
        scores = sorted(((cost - float(values[i]), i) for i, cost in costs.items()))
        best = scores[0][1]
        ahead = scores[1][0] - scores[0][0] if len(scores) > 1 else _FARTHEST_AHEAD
        evidence = (
            _MODEL * (float(values[best]) - float(values[self.unknown]))
            - _COST * costs[best]
            + _PER_LETTER * len(letters)
            + _AHEAD * min(ahead, _FARTHEST_AHEAD)
            + _BIAS
        )
        return self.ranking.words[best], evidence

    def leaves_alone(self, typed: TypedText) -> bool:
        """Whether the word of a text may be right, whatever is near it."""
        word = typed.prefix.lower()
        return (
            typed.in_address
            or not typed.stands_alone
            or typed.prefix[1:] != word[1:]
            or self._is_right(word)
        )

    def _is_right(self, word: str) -> bool:
        return (
            self.ranking.knows(word)
            or word.endswith("'")
            or (word.endswith("'s") and self.ranking.knows(word[:-2]))
            or (self.personal is not None and word in self.personal)
        )


class Letters:
    """The words of a ranking by their letters, apostrophes not counted."""

    def __init__(self, ranking: WordRanking) -> None:
        self._ids, self._keys = ranking.shown_letters()
        self._bags = np.stack([_bag(key) for key in self._keys]) if self._keys else None

    def near(self, letters: str, edits: int) -> dict[int, float]:
        """Ids of words that so many edits lead to, and what these cost."""
        if self._bags is None:
            return {}
        # An edit changes two counts of letters by one at most: what cannot be near is sorted out.
        apart = np.abs(self._bags - _bag(letters)).sum(1)
        found = {}
        for place in np.flatnonzero(apart <= 2 * edits):
            price = cost(letters, self._keys[place], edits)
            if price is not None:
                found[int(self._ids[place])] = price
        return found


def _bag(letters: str) -> np.ndarray:
    """How often each letter is there, accents not counted, and how many others."""
    places = [ord(base(letter)) - ord("a") for letter in letters]
    return np.bincount([p if 0 <= p < 26 else 26 for p in places], minlength=27).astype(np.int16)
