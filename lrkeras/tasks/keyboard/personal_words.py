"""Words of one person, learned on the device."""

from __future__ import annotations

import re
import unicodedata

from lrkeras.datasets.keyboard_text import NUMBER, WORD
from lrkeras.datasets.vocabulary import END, UNKNOWN
from lrkeras.datasets.words import TOKEN
from lrkeras.tasks.keyboard.typed_text import SENTENCE_ENDS, is_address

_TITLE = "lrkeras personal words, version 1"
_HEAD = re.compile(_TITLE + r": ([0-9]{1,9}) words, ([0-9]{1,9}) pairs")
_CODE = re.compile(r"[\d_]")
_COUNT = re.compile("[1-9][0-9]{0,8}")
_LONGEST, _MOST = 40, 999_999_999
# Once may be an error.
_LEAST = 2
_MOST_WEIGHT, _HALF_WAY = 0.5, 100


class PersonalWords:
    """Counts words, and pairs of a word and the token before it.

    A word stays as it was written; a capital at the start of a sentence says nothing.

    Args:
        limit: how many words, and how many pairs, are kept; what was not used for the longest time
            is forgotten.

    Raises:
        ValueError: `limit` is below 1.

    Example:
    >>> words = PersonalWords()
    >>> words.learn("Dinner with Priya? Priya can")
    >>> words.beginning_with("pri"), "priya" in words
    (['Priya'], True)
    """

    def __init__(self, limit: int = 2000) -> None:
        if limit < 1:
            raise ValueError(f"Expected a limit of at least 1 word; received {limit}.")
        self.limit = limit
        # By word in lower case: how it is written, and how often. The one used last at the end.
        self._words: dict[str, tuple[str, int]] = {}
        # By the token before it and the word, in lower case.
        self._pairs: dict[tuple[str, str], int] = {}

    def learn(self, text: str) -> None:
        """Takes in a finished message or sentence; no addresses, and nothing with digits or `_`."""
        for line in _composed(text).replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            previous = END
            for run in line.split():
                if is_address(run):
                    previous = UNKNOWN
                    continue
                for written in TOKEN.findall(run):
                    word = NUMBER if written.isdecimal() else written.lower()
                    if _is_word(written) and not _CODE.search(run):
                        self._add(word, written, previous)
                    previous = word

    def __contains__(self, word: str) -> bool:
        """Whether a word, in any case, was learned."""
        return _composed(word).lower() in self._words

    def __len__(self) -> int:
        """How many words are known."""
        return len(self._words)

    def beginning_with(self, prefix: str) -> list[str]:
        """Words that begin so, in any case and apostrophes not counted; most used first."""
        key = _composed(prefix).lower().replace("'", "")
        found = [one for w, one in self._words.items() if w.replace("'", "").startswith(key)]
        return [written for written, _ in sorted(reversed(found), key=lambda one: -one[1])]

    def clear(self) -> None:
        """Forgets everything."""
        self._words.clear()
        self._pairs.clear()

    def export(self) -> str:
        """Everything as text, an entry a line, the oldest first; `read` reads it."""
        lines = [f"{_TITLE}: {len(self._words)} words, {len(self._pairs)} pairs"]
        lines += [f"word\t{written}\t{count}" for written, count in self._words.values()]
        lines += [f"pair\t{a}\t{b}\t{count}" for (a, b), count in self._pairs.items()]
        return "\n".join(lines) + "\n"

    @classmethod
    def read(cls, text: str, limit: int = 2000) -> PersonalWords:
        """Makes words of what `export` gave; of more than `limit` words or pairs the latest.

        Raises:
            ValueError: it is something else, or damaged.
        """
        first, *lines = text.removesuffix("\n").split("\n")
        head = _HEAD.fullmatch(first)
        if head is None:
            raise _damaged(f"a first line '{_TITLE}: W words, P pairs'", first)
        made = cls(limit)
        for line in lines:
            made._read_line(line)
        found = len(made._words), len(made._pairs)
        if found != (int(head[1]), int(head[2])) or sum(found) != len(lines):
            count = f"{found[0]} words and {found[1]} pairs below {first!r}"
            raise _damaged("as many entries as the first line says, each once", count)
        made._forget_oldest()
        return made

    def probabilities(self, previous: str) -> dict[str, float]:
        """Probabilities of the words, in lower case, that were seen twice, after a token.

        Shares of what followed it, mixed with shares of all words as Witten and Bell (1991) do.
        """
        following = {b: count for (a, b), count in self._pairs.items() if a == previous}
        seen, total = sum(following.values()), self._total()
        weight = seen / (seen + len(following)) if seen else 0.0
        return {
            word: (1 - weight) * count / total
            + (weight * following.get(word, 0) / seen if seen else 0.0)
            for word, (_, count) in self._words.items()
            if count >= _LEAST
        }

    @property
    def weight(self) -> float:
        """How much these words count beside a model, below half: the more, the more was learned."""
        return _MOST_WEIGHT * self._total() / (self._total() + _HALF_WAY)

    def suggests(self, word: str) -> bool:
        """Whether a word, given in lower case, was seen often enough to be suggested."""
        return self._words.get(word, ("", 0))[1] >= _LEAST

    def spelling(self, word: str) -> str:
        """A word, given in lower case, as it is written."""
        return self._words[word][0]

    def _total(self) -> int:
        return sum(count for _, count in self._words.values())

    def _add(self, word: str, written: str, previous: str) -> None:
        known, count = self._words.pop(word, ("", 0))
        spelled = known if known and previous in SENTENCE_ENDS else written
        self._words[word] = spelled, min(count + 1, _MOST)
        self._pairs[previous, word] = min(self._pairs.pop((previous, word), 0) + 1, _MOST)
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        while len(self._words) > self.limit:
            del self._words[next(iter(self._words))]
        while len(self._pairs) > self.limit:
            del self._pairs[next(iter(self._pairs))]

    def _read_line(self, line: str) -> None:
        kind, *parts = line.split("\t")
        good = len(parts) == {"word": 2, "pair": 3}.get(kind) and _COUNT.fullmatch(parts[-1])
        if not good or not _is_word(parts[-2]):
            raise _damaged("lines of a word or pair and its count, between tabs", repr(line))
        word, count = parts[-2].lower(), int(parts[-1])
        if kind == "word":
            self._words[word] = parts[0], count
        else:
            self._pairs[parts[0], word] = count


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\u2019", "'")


def _is_word(written: str) -> bool:
    # In lower case, too: that of a letter may be two, which no text before the cursor has.
    whole = WORD.fullmatch(written) and WORD.fullmatch(written.lower())
    return whole is not None and 1 < len(written) <= _LONGEST


def _damaged(expected: str, received: str) -> ValueError:
    return ValueError(
        f"Expected personal words as they were exported, with {expected}; received "
        f"{received[:80]}. Export them again."
    )
