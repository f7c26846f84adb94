"""How far a word is from what was typed, in edits that fingers make."""

from __future__ import annotations

import math
import unicodedata

# Negative log-probabilities (nats), up to what all have in common;
# `tools/release/measure_corrections.py` says what they do on messages with typing errors.
NEIGHBOUR, OTHER = 2.5, 4.0  # another letter, on a key that touches the right one or not
MISSING, MISSING_DOUBLE = 3.0, 1.5
EXTRA, EXTRA_DOUBLE = 3.5, 1.5
SWAPPED = 2.0
ACCENT = 0.5
FIRST = 2.0  # on top, where the first letter is wrong

_FARTHEST = 1.6
_ROWS = (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))
_KEYS = {
    letter: (column + shift, row)
    for row, (letters, shift) in enumerate(_ROWS)
    for column, letter in enumerate(letters)
}


def most_edits(letters: int) -> int:
    """How many edits a word of so many letters may have."""
    return 0 if letters < 3 else 1 if letters < 6 else 2


def cost(typed: str, word: str, edits: int) -> float | None:
    """What it costs that `word` was typed as `typed`, or None where that takes more than `edits`.

    An edit is a letter that is another, missing, too many, or has changed places with the next.
    What differs first is mended first. A missing accent is no edit, but costs; letters other than a
    to z are kept: nobody types them by mistake.

    >>> cost("tomorroe", "tomorrow", 1), cost("tomorow", "tomorrow", 1), cost("tmrw", "tomorrow", 2)
    (2.5, 1.5, None)
    """
    least = _cost(typed, word, 0, 0, edits)
    return least if math.isfinite(least) else None


def base(letter: str) -> str:
    """A letter without its accent."""
    return unicodedata.normalize("NFD", letter)[0]


def _cost(a: str, b: str, i: int, j: int, edits: int) -> float:
    while i < len(a) and j < len(b) and a[i] == b[j]:
        i, j = i + 1, j + 1
    if i == len(a) and j == len(b):
        return 0.0
    typed, right = a[i : i + 1], b[j : j + 1]
    plain = "a" <= typed <= "z"
    found = [math.inf]
    if plain and right and not "a" <= right <= "z" and base(right) == typed:
        found.append(ACCENT + _cost(a, b, i + 1, j + 1, edits))
    if not edits:
        return min(found)
    first = 0.0 if i or j else FIRST
    if plain and right:
        price = NEIGHBOUR if touch(typed, right) else OTHER
        found.append(first + price + _cost(a, b, i + 1, j + 1, edits - 1))
    if plain:
        price = EXTRA_DOUBLE if i and typed == a[i - 1] else EXTRA
        found.append(first + price + _cost(a, b, i + 1, j, edits - 1))
    if right:
        price = MISSING_DOUBLE if j and right == b[j - 1] else MISSING
        found.append(first + price + _cost(a, b, i, j + 1, edits - 1))
    if typed and right and a[i + 1 : i + 2] == right and b[j + 1 : j + 2] == typed:
        found.append(first + SWAPPED + _cost(a, b, i + 2, j + 2, edits - 1))
    return min(found)


def touch(a: str, b: str) -> bool:
    """Whether two keys of a QWERTY keyboard touch."""
    if a not in _KEYS or b not in _KEYS:
        return False
    (x, row), (other, other_row) = _KEYS[a], _KEYS[b]
    return (x - other) ** 2 + (row - other_row) ** 2 <= _FARTHEST
