"""Word errors by speaker, counted by hand."""

import numpy as np

from lrkeras.datasets.spoken_utterance import SpokenUtterance
from lrkeras.tasks.papers.an4.word_errors import WordErrors


def said(speaker, text):
    return SpokenUtterance(text, speaker, text, np.zeros((1, 13), np.float32))


def test_errors_by_speaker():
    utterances = [said("b", "ONE TWO"), said("a", "GO"), said("b", "A B C"), said("a", "NO NO")]
    # A word put in; one left out; all left out; one in place of another.
    found = WordErrors.of(utterances, ["ONE OH TWO", "", "A C", "NO ON"])
    assert found.errors == {"a": 2, "b": 2}
    assert found.words == {"a": 3, "b": 5}
    assert found.rate == 4 / 8
