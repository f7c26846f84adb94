"""What errors cost, against a search of all ways to make them."""

import itertools

import numpy as np
import pytest

from lrkeras.tasks.keyboard import typing_errors
from lrkeras.tasks.keyboard.typing_errors import cost, most_edits, touch

# By hand, from a picture of the keyboard.
TOUCHING = {"q": "wa", "g": "ftyhvb", "p": "ol", "z": "asx", "m": "njk", "a": "qwsz"}


@pytest.mark.parametrize(("key", "others"), TOUCHING.items())
def test_keys_that_touch(key, others):
    assert {b for b in "abcdefghijklmnopqrstuvwxyz-" if b != key and touch(key, b)} == set(others)


@pytest.mark.parametrize(
    ("typed", "word", "price"),
    [
        ("helko", "hello", typing_errors.NEIGHBOUR),
        ("helqo", "hello", typing_errors.OTHER),
        ("hllo", "hello", typing_errors.MISSING),
        ("helo", "hello", typing_errors.MISSING_DOUBLE),
        ("hrello", "hello", typing_errors.EXTRA),
        ("helllo", "hello", typing_errors.EXTRA_DOUBLE),
        ("hlelo", "hello", typing_errors.SWAPPED),
        ("jello", "hello", typing_errors.NEIGHBOUR + typing_errors.FIRST),
        ("ello", "hello", typing_errors.MISSING + typing_errors.FIRST),
        ("deja", "déjà", 2 * typing_errors.ACCENT),
        ("tommorow", "tomorrow", typing_errors.EXTRA_DOUBLE + typing_errors.MISSING_DOUBLE),
        ("hello", "hello", 0.0),
        ("déja", "deja", None),
        ("привет", "hello", None),
        ("hi", "hello", None),
    ],
)
def test_errors_cost_what_they_should(typed, word, price):
    assert cost(typed, word, 2) == price


def _distance(a, b):
    """Edits with swaps of neighbours (restricted Damerau-Levenshtein), the textbook's table."""
    table = np.add.outer(np.arange(len(a) + 1), np.arange(len(b) + 1))
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        table[i, j] = min(
            table[i - 1, j] + 1,
            table[i, j - 1] + 1,
            table[i - 1, j - 1] + (a[i - 1] != b[j - 1]),
        )
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[-1, -1]


def test_a_word_is_found_if_and_only_if_so_many_edits_lead_to_it():
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(3000):
        a, b = ("".join(rng.choice(list("abc"), rng.integers(1, 7))) for _ in range(2))
        for edits in range(3):
            there = cost(a, b, edits) is not None
            found += there
            assert there == (_distance(a, b) <= edits), (a, b, edits)
    assert found > 500


def test_longer_words_may_have_more_edits():
    assert [most_edits(n) for n in (1, 2, 3, 5, 6, 20)] == [0, 0, 1, 1, 2, 2]
