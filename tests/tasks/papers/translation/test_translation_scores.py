"""BLEU against what is counted by hand, and against sacrebleu."""

import math

import numpy as np
import pytest

from lrkeras.tasks.papers.translation.translation_scores import TranslationScores, bleu_of, unpacked

pytest.importorskip("sacrebleu")

GIVEN = ["the cat sat on the mat", "a big dog runs in the park now"]
REFERENCES = ["the cat sat on a mat", "a big dog runs in a park"]


def test_bleu_of_counts_by_hand():
    scores = TranslationScores.of(GIVEN, REFERENCES)
    # the (clipped to one), cat, sat, on, mat; "the cat", "cat sat", "sat on"; two; one.
    assert scores.counts[0].tolist() == [5, 3, 2, 1, 6, 6]
    # a, big, dog, runs, in, park; "a big" to "runs in"; three; two.
    assert scores.counts[1].tolist() == [6, 4, 3, 2, 8, 7]
    # 14 words, 12 pairs, 10 triples, 8 quadruples; longer than the references, so no penalty.
    expected = 100 * math.exp(sum(map(math.log, (11 / 14, 7 / 12, 5 / 10, 3 / 8))) / 4)
    assert scores.bleu == pytest.approx(expected)
    assert bleu_of(scores.counts) == pytest.approx(expected)


def test_short_translations_are_punished():
    scores = TranslationScores.of(["the cat sat on"], ["the cat sat on the mat"])
    # All is right, and four words stand for six.
    assert scores.bleu == pytest.approx(100 * math.exp(1 - 6 / 4))
    assert bleu_of(scores.counts) == pytest.approx(scores.bleu)


def test_sentences_that_are_drawn_more_than_once():
    scores = TranslationScores.of(GIVEN, REFERENCES)
    drawn = bleu_of(scores.counts, np.array([[2, 1], [0, 1]]))
    expected = [
        TranslationScores.of([GIVEN[0], *GIVEN], [REFERENCES[0], *REFERENCES]).bleu,
        TranslationScores.of(GIVEN[1:], REFERENCES[1:]).bleu,
    ]
    np.testing.assert_allclose(drawn, expected)


def test_nothing_right_is_nothing():
    scores = TranslationScores.of(["x y z", ""], ["a b c d", "e"])
    assert bleu_of(scores.counts).tolist() == [0]


def test_counts_are_packed():
    scores = TranslationScores.of(["a " * 50, "b"], ["a " * 50, "c"])
    assert scores.counts.tolist() == [[50, 49, 48, 47, 50, 50], [0, 0, 0, 0, 1, 1]]
    assert scores.packed() == "1E1D1C1B1E1E" + "000000000101"
    np.testing.assert_array_equal(unpacked(scores.packed()), scores.counts)
