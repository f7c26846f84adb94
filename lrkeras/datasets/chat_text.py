"""Lines as they are written in short messages: "thank you, see you tomorrow." as "thx see u tmr".

No corpus of messages may be shipped in a model, so sentences whose licence allows it are written
anew with the spellings of `chat_spellings.txt`. A model that is trained on both knows what "tmr"
stands for, and completes and suggests it to those who write so.
"""

from __future__ import annotations

import functools
import pathlib

import numpy as np

from lrkeras.datasets.words import tokenize

_FILE = pathlib.Path(__file__).with_name("chat_spellings.txt")
_BEGIN, _END = "<begin>", "<end>"
# Of the lines: how many get an exclamation in front, one behind, and how many end without a stop.
_BEGINS, _ENDS, _OPEN = 0.15, 0.25, 0.7
_COMMAS_LEFT_OUT = 0.7


@functools.cache
def load_spellings() -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Loads the list: for the tokens of a word, or of words, those that are written for them.

    `("<begin>",)` and `("<end>",)` have the tokens that begin and end messages.
    """
    spellings = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            standard, written = line.split(":", 1)
            key = (standard,) if standard in (_BEGIN, _END) else tuple(tokenize(standard))
            spellings[key] = tuple(tuple(tokenize(one)) for one in written.split(","))
    return spellings


def chat_words() -> set[str]:
    """Returns every token that `ChatWriter` may write."""
    return {token for written in load_spellings().values() for one in written for token in one}


class ChatWriter:
    """Writes lines as in short messages, each time in another way.

    How many of its words a line has in such spellings is drawn for each line, from none to nine in
    ten: some write "u" and nothing else, others hardly anything as in a dictionary.

    Args:
        seed: of the draws; the same lines in the same order are written alike.

    Example:
    >>> from lrkeras.datasets.words import tokenize
    >>> " ".join(ChatWriter(17).rewrite(tokenize("Thank you, see you tomorrow.")))
    'thx see u tmr'
    """

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        spellings = load_spellings()
        self._begins, self._ends = spellings[(_BEGIN,)], spellings[(_END,)]
        self._spellings = {key: spellings[key] for key in spellings.keys() - {(_BEGIN,), (_END,)}}
        self._longest = max(map(len, self._spellings))
        self._starts = {key[0] for key in self._spellings}

    def rewrite(self, tokens: list[str]) -> list[str]:
        """Returns the tokens of a line as somebody might write it in a message."""
        draw = self._rng.random
        share = 0.9 * draw()
        commas = draw() < _COMMAS_LEFT_OUT
        written: list[str] = []
        if draw() < _BEGINS:
            written += self._choice(self._begins)
        place = 0
        while place < len(tokens):
            token, length = tokens[place], 1
            if token in self._starts and draw() < share:
                length, spelled = self._spelled(tokens, place)
                written += spelled
            elif token != "," or not commas:
                written.append(token)
            place += length
        if written and written[-1] == "." and draw() < _OPEN:
            written.pop()
        if draw() < _ENDS:
            written += self._choice(self._ends)
        return written

    def _spelled(self, tokens: list[str], place: int) -> tuple[int, tuple[str, ...]]:
        """How many tokens are replaced, the most that the list has, and by what."""
        for length in range(self._longest, 0, -1):
            key = tuple(tokens[place : place + length])
            if key in self._spellings:
                return len(key), self._choice(self._spellings[key])
        return 1, (tokens[place],)

    def _choice(self, choices: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
        # The first of n is n times as usual as the last (Zipf).
        largest = np.log1p(len(choices))
        return choices[min(int(np.expm1(self._rng.random() * largest)), len(choices) - 1)]
