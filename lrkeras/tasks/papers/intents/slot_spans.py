"""Slots in tags, and how many of them were found: as `conlleval` of CoNLL-2000 counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spans(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    """The slots in the tags of a sentence: `(first word, word behind the last, kind)`.

    A slot begins at `B-kind`, and at `I-kind` behind a tag of another kind or outside a slot.

    >>> sorted(spans(["B-city", "I-city", "O", "I-day", "B-day"]))
    [(0, 2, 'city'), (3, 4, 'day'), (4, 5, 'day')]
    """
    found, begin, kind = set(), 0, ""
    for place, tag in enumerate([*tags, "O"]):
        mark, _, next_kind = tag.partition("-")
        if kind and (mark != "I" or next_kind != kind):
            found.add((begin, place, kind))
            kind = ""
        if not kind and mark != "O":
            begin, kind = place, next_kind
    return found


def count_slots(wanted: Sequence[str], given: Sequence[str]) -> tuple[int, int, int]:
    """How many slots of a sentence are right, there, and given."""
    true, guessed = spans(wanted), spans(given)
    return len(true & guessed), len(true), len(guessed)


def f1_of(counts: np.ndarray) -> float:
    """The harmonic mean of precision and recall of counts `(..., 3)` as of `count_slots`.

    It is 0 where no slot is right.
    """
    right, there, given = np.reshape(counts, (-1, 3)).sum(0)
    return float(2 * right / (there + given)) if right else 0.0
