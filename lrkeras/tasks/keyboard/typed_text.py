"""What has been typed, taken apart: the words that stand, and the one that is being typed."""

from __future__ import annotations

import dataclasses
import re

from lrkeras.datasets.keyboard_text import tokenize
from lrkeras.datasets.vocabulary import END

_PREFIX = re.compile(r"[^\W\d_]+(?:'[^\W\d_]*)*\Z")
# After these a sentence starts.
SENTENCE_ENDS = frozenset((".", "!", "?", END))
# A model forgets, and a keystroke must not cost more in a long text. Cutting in hops leaves the
# beginning where it is for most keystrokes, so that states can be kept from one to the next.
_MAX_TOKENS, _TOKEN_HOP = 64, 32
_MAX_CHARACTERS, _CHARACTER_HOP = 2000, 1000


@dataclasses.dataclass(frozen=True)
class TypedText:
    """A text up to the cursor.

    Attributes:
        context: tokens before the word that is being typed, `"<eos>"` first, at most 64.
        prefix: letters and apostrophes of the word that is being typed, as they were typed; empty
            after anything else.
        starts_sentence: whether the next word is the first one of a sentence.
        ends_in_blank: whether the last character is a blank.
    """

    context: tuple[str, ...]
    prefix: str
    starts_sentence: bool
    ends_in_blank: bool

    @classmethod
    def of(cls, text: str) -> TypedText:
        """Takes a text apart.

        >>> typed = TypedText.of("see you Tom")
        >>> typed.context, typed.prefix
        (('<eos>', 'see', 'you'), 'Tom')
        """
        text = _tail(text.replace("\u2019", "'").replace("\r\n", "\n").replace("\r", "\n"))
        found = _PREFIX.search(text)
        prefix = found.group() if found else ""
        tokens = [END, *tokenize(text[: len(text) - len(prefix)])]
        over = len(tokens) - _MAX_TOKENS
        start = max(0, -(-over // _TOKEN_HOP) * _TOKEN_HOP)
        return cls(
            context=tuple(tokens[start:]),
            prefix=prefix,
            starts_sentence=tokens[-1] in SENTENCE_ENDS,
            ends_in_blank=text.endswith(" "),
        )


def _tail(text: str) -> str:
    """The end of a long text, from a blank on where there is one."""
    over = len(text) - _MAX_CHARACTERS
    if over <= 0:
        return text
    start = -(-over // _CHARACTER_HOP) * _CHARACTER_HOP
    blank = text.find(" ", start)
    return text[start if blank < 0 else blank + 1 :]
