"""Anyone's text, a line for each sentence or message, for a keyboard model of one's own.

Words are what `keyboard_text.tokenize` finds, in any script that puts blanks between words.
"""

from __future__ import annotations

import collections
import os
import pathlib
import unicodedata

from lrkeras.datasets.keyboard_text import NUMBER, WORD, KeyboardText, tokenize
from lrkeras.datasets.vocabulary import Vocabulary
from lrkeras.datasets.words import TOKEN

# A block in twenty is held out. Blocks, because neighbouring lines speak of the same; not the end
# alone, because a file may be sorted.
_HELD_OUT, _LONGEST_BLOCK, _BLOCKS = 20, 50, 200
_LEAST_LINES = 100
# A word that was written once may be a typing error.
_LEAST_COUNT = 2
_SENTENCE_ENDS = frozenset(".!?")


def load_data(path: str | os.PathLike, num_words: int = 10_000) -> KeyboardText:
    """Loads a text file and holds a twentieth of it out, in blocks of lines.

    Lines that were written before are left out of what is held out: greetings and the like would
    be known by heart.

    Args:
        path: UTF-8 text, a sentence, message or paragraph a line.
        num_words: the size of the vocabulary at most, the special words included: those that are
            there twice or more often, frequent ones first.

    Returns:
        The text, in the order of the file, with `valid` of the one source `"text"`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not UTF-8, is no text with words, has fewer than 100 lines, or
            `num_words` is below 4.
    """
    if num_words < 4:
        raise ValueError(
            f"Expected num_words of at least 4, three of them special; received {num_words}."
        )
    lines = load_lines(path)
    block = max(1, min(_LONGEST_BLOCK, len(lines) // _BLOCKS))
    held_out = [(number // block) % _HELD_OUT == _HELD_OUT - 1 for number in range(len(lines))]
    tokens = [tokenize(line) for line in lines]
    train = [line for line, out in zip(tokens, held_out, strict=True) if not out]
    vocabulary = _vocabulary(train, num_words)
    known = set(map(tuple, train))
    valid = [
        line for line, out in zip(tokens, held_out, strict=True) if out and tuple(line) not in known
    ]
    if not valid:
        raise ValueError(
            f"Expected a twentieth of the lines of {os.fspath(path)!r} to be new, to judge a model "
            "on; received one where every line is there several times. Give a text with more."
        )
    valid_ids = {"text": vocabulary.encode_lines(valid)}
    return KeyboardText(vocabulary.encode_lines(train), valid_ids, vocabulary)


def load_lines(path: str | os.PathLike) -> list[str]:
    """Loads the lines of a text file that are not empty, with accents as one character (NFC).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not UTF-8, is no text with words, or has fewer than 100 lines.
    """
    name = os.fspath(path)
    content = pathlib.Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"Expected UTF-8 text in {name!r}, received bytes that are none in line {line}. Save "
            "it as UTF-8."
        ) from None
    if "\0" in text:
        raise ValueError(f"Expected text in {name!r}, received bytes of zero: it is another file.")
    lines = [line.strip() for line in unicodedata.normalize("NFC", text).splitlines()]
    lines = [line for line in lines if line]
    if len(lines) < _LEAST_LINES:
        raise ValueError(
            f"Expected at least {_LEAST_LINES} lines of text in {name!r}, a sentence or message "
            f"each; received {len(lines)}. A useful model takes some ten thousand."
        )
    return lines


def usual_spellings(path: str | os.PathLike, vocabulary: Vocabulary) -> list[str]:
    """Words of a vocabulary that are mostly written with capitals, such as names, as they are.

    The first word of a line or sentence does not count, and of those that are nowhere else nothing
    is known.

    Args:
        path: the text, as in `load_data`.
        vocabulary: its words.
    """
    counts: dict[str, collections.Counter[str]] = {
        word: collections.Counter() for word in vocabulary.words
    }
    for line in load_lines(path):
        inside = False
        for token in TOKEN.findall(line.replace("\u2019", "'")):
            if WORD.fullmatch(token) is None:
                # Quotes and brackets that open a sentence leave it at its start.
                inside = inside and token not in _SENTENCE_ENDS
            elif inside and token.lower() in counts:
                counts[token.lower()][token] += 1
            inside = inside or WORD.fullmatch(token) is not None
    usual = {word: max(one, key=one.__getitem__) for word, one in counts.items() if one}
    return [spelling for word, spelling in usual.items() if spelling != word]


def _vocabulary(lines: list[list[str]], num_words: int) -> Vocabulary:
    tokens = (token for line in lines for token in line)
    words = Vocabulary.from_tokens(tokens, special=[NUMBER], least_count=_LEAST_COUNT).words
    if not any(word.isalpha() for word in words):
        raise ValueError("Expected a text with words; received one that uses no word twice.")
    return Vocabulary(words[:num_words])
