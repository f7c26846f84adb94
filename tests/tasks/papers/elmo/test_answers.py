import numpy as np

from lrkeras.tasks.papers.elmo.downstream.answers import LONGEST, best_spans, exact, f1


def test_words_that_both_answers_have_by_hand():
    # Precision 2 of 3 (a, an and the do not count), recall 2 of 4: F1 4 / 7.
    np.testing.assert_allclose(f1("the old red house", "A red, old stone barn"), 4 / 7)
    assert f1("The Dog.", "dog") == exact("The Dog.", "dog") == 1.0
    assert f1("cat", "dog") == exact("old dog", "dog") == 0.0


def test_an_answer_does_not_end_before_it_begins():
    logits = np.array([[[0.0, 1.0, 5.0], [9.0, 2.0, 1.0]]])
    # First to last: 0-0 has 9, 2-2 has 6, 1-1 has 3; 2-0, which has 14, is none.
    assert best_spans(logits).tolist() == [[0, 0]]


def test_an_answer_is_not_longer_than_it_may_be():
    words = LONGEST + 3
    logits = np.zeros((1, 2, words))
    logits[0, 0, 0], logits[0, 1, LONGEST] = 5, 5
    logits[0, 1, LONGEST - 1] = 4
    assert best_spans(logits).tolist() == [[0, LONGEST - 1]]
