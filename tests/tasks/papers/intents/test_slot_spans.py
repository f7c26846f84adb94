"""Slots in tags; the examples are worked by hand after the rules of conlleval."""

import numpy as np
import pytest

from lrkeras.tasks.papers.intents.slot_spans import count_slots, f1_of, spans


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("O O", []),
        ("B-a", [(0, 1, "a")]),
        ("B-a I-a O B-a", [(0, 2, "a"), (3, 4, "a")]),
        ("B-a B-a I-a", [(0, 1, "a"), (1, 3, "a")]),
        # Without a B: I begins a slot outside of one, and where the kind changes.
        ("O I-a I-a", [(1, 3, "a")]),
        ("B-a I-b I-b", [(0, 1, "a"), (1, 3, "b")]),
        ("I-a I-b O I-b", [(0, 1, "a"), (1, 2, "b"), (3, 4, "b")]),
        # A kind with a hyphen.
        ("B-to-city I-to-city", [(0, 2, "to-city")]),
    ],
)
def test_spans(tags, wanted):
    assert sorted(spans(tags.split())) == wanted


def test_a_slot_is_right_as_a_whole_or_not_at_all():
    wanted = ["B-a", "I-a", "O", "B-b", "O", "B-c"]
    # Too short, right, of another kind, and one too many.
    given = ["B-a", "O", "O", "B-b", "B-d", "B-e"]
    assert count_slots(wanted, given) == (1, 3, 4)


def test_f1_is_over_all_sentences():
    # Precision 3/5, recall 3/4: F1 is 2 * 0.45 / 1.35 = 2/3, not the mean of those of sentences.
    counts = np.array([[1, 3, 4], [2, 1, 1]])
    assert f1_of(counts) == pytest.approx(2 / 3)
    assert f1_of(np.array([[0, 2, 0]])) == 0
