"""What has been typed, taken apart: the words that stand, and the one that is being typed."""

from __future__ import annotations

import dataclasses
import re
import unicodedata

from lrkeras.datasets.keyboard_text import tokenize
from lrkeras.datasets.vocabulary import END

_LETTER = re.compile(r"[^\W\d_]")
# What stands before the cursor without a blank is an address if it has a scheme, `www.`, something
# before an `@`, or a dot right before a letter and after a letter or digit.
_ADDRESS = re.compile(r"://|www\.|\S@|[^\W_]\.[^\W\d_]", re.IGNORECASE)
_OPENING = frozenset('"([{\u201c\u201e\u00ab')
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
        prefix: letters and apostrophes of the word that is being typed, a letter and its accent
            as one character; empty after anything else.
        replaces: how many characters at the end of the text `prefix` was typed with.
        starts_sentence: whether the next word is the first one of a sentence.
        ends_in_blank: whether the last character is a blank.
        stands_alone: whether `prefix` has nothing right before it but quotes or brackets that open,
            and no accent that was typed as a character of its own.
        in_address: whether the cursor is inside a web or e-mail address.
    """

    context: tuple[str, ...]
    prefix: str
    replaces: int
    starts_sentence: bool
    ends_in_blank: bool
    stands_alone: bool
    in_address: bool

    @classmethod
    def of(cls, text: str) -> TypedText:
        """Takes a text apart.

        Raises:
            TypeError: `text` is no `str`.

        >>> typed = TypedText.of("see you Tom")
        >>> typed.context, typed.prefix
        (('<eos>', 'see', 'you'), 'Tom')
        """
        if not isinstance(text, str):
            raise TypeError(
                "Expected the text before the cursor as a str; received "
                f"{type(text).__name__} {text!r:.40}. Decode bytes with .decode('utf-8')."
            )
        text = _tail(text.replace("\u2019", "'").replace("\r\n", "\n").replace("\r", "\n"))
        start = _prefix_start(text)
        tokens = [END, *tokenize(unicodedata.normalize("NFC", text[:start]))]
        over = len(tokens) - _MAX_TOKENS
        run = text[_run_start(text) :]
        prefix = unicodedata.normalize("NFC", text[start:])
        before = run.removesuffix(prefix)
        return cls(
            context=tuple(tokens[max(0, -(-over // _TOKEN_HOP) * _TOKEN_HOP) :]),
            prefix=prefix,
            replaces=len(text) - start,
            starts_sentence=tokens[-1] in SENTENCE_ENDS,
            ends_in_blank=text.endswith(" "),
            stands_alone=prefix != "" and before + prefix == run and set(before) <= _OPENING,
            in_address=is_address(run),
        )


def is_address(run: str) -> bool:
    """Whether what stands between blanks is, or begins, a web or e-mail address."""
    return _ADDRESS.search(run) is not None


def _prefix_start(text: str) -> int:
    """Where the trailing run of letters, their marks and apostrophes begins, at a letter."""
    start = len(text)
    while start and _continues_word(text[start - 1]):
        start -= 1
    while start < len(text) and not _LETTER.match(text[start]):
        start += 1
    return start


def _continues_word(character: str) -> bool:
    return (
        character == "'"
        or _LETTER.match(character) is not None
        or unicodedata.category(character).startswith("M")
    )


def _run_start(text: str) -> int:
    """Where the characters after the last blank begin."""
    if not text or text[-1].isspace():
        return len(text)
    return len(text) - len(text.rsplit(maxsplit=1)[-1])


def _tail(text: str) -> str:
    """The end of a long text, from a blank on where there is one."""
    over = len(text) - _MAX_CHARACTERS
    if over <= 0:
        return text
    start = -(-over // _CHARACTER_HOP) * _CHARACTER_HOP
    blank = text.find(" ", start)
    return text[start if blank < 0 else blank + 1 :]
