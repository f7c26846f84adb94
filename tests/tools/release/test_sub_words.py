"""Completions of words that a model does not know."""

import itertools
import json
import math

import numpy as np
import pytest
from load_tool import ROOT, load_tool

from lrkeras.models.registry import checksum

sub_words = load_tool("sub_words")

PIECES = ["[PAD]", "[UNK]", "[START]", "a", "b", "ab", "##a", "##b", "##ba"]
START = 2


class Bigrams:
    """A step model whose logits hang on the sub-word before, and on how many there were."""

    def __init__(self):
        self.table = np.random.default_rng(0).normal(size=(len(PIECES), len(PIECES))) * 2
        self.reset()

    def reset(self):
        self.states = {"count": 0}

    def step(self, ids):
        self.states = {"count": self.states["count"] + 1}
        logits = self.table[ids[0][0]].copy()
        logits[START] += self.states["count"]  # ends grow likelier
        return logits[None]


def every_word(longest=6):
    """All words of so many sub-words, by spelling, with the logarithm of each one's share."""
    found = []
    first, inner = (3, 4, 5), (6, 7, 8)
    for length in range(1, longest + 1):
        for ids in itertools.product(first, *[inner] * (length - 1)):
            model, share = Bigrams(), 0.0
            for before, after in itertools.pairwise((START, *ids, START)):
                logits = model.step([[before]])[0]
                share += logits[after] - np.logaddexp.reduce(logits)
            found.append(("".join(PIECES[i].removeprefix("##") for i in ids), share))
    return sorted(found, key=lambda pair: -pair[1])


@pytest.mark.parametrize("prefix", ["a", "b", "ab", "aba", "bab"])
def test_the_likeliest_spellings_are_found(prefix):
    words = sub_words.SubWords(Bigrams(), PIECES)
    expected = [pair for pair in every_word() if pair[0].startswith(prefix)][:2]
    found = words(prefix, 2)
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert [share for _, share in found] == pytest.approx([share for _, share in expected])
    assert len(words.steps) == 1
    assert words(prefix, 2) == found
    assert len(words.steps) == 1, "a prefix that was asked for is remembered"


def test_what_cannot_be_spelled_has_no_completion():
    words = sub_words.SubWords(Bigrams(), PIECES)
    assert words("c", 3) == []
    assert words("abc", 3) == []


def test_a_list_has_the_most_frequent_words_that_fit():
    counts = {"apple": 5, "apply": 9, "ape": 1, "bee": 2}
    words = sub_words.WordList(counts, 10_000)
    assert words.words == sorted(counts)
    expected = [("apply", math.log(9 / 17)), ("apple", math.log(5 / 17))]
    assert words("app", 3) == expected
    assert words("app", 1) == expected[:1]
    assert words("c", 3) == []
    few = sub_words.WordList(counts, sub_words._packed(["apply", "apple"]))
    assert few.words == ["apple", "apply"]
    assert few.num_bytes <= sub_words._packed(["apply", "apple"])


def test_words_compete_as_the_share_of_the_unknown_word():
    known = ["<unk>", "<eos>", "apt", "ape", "bad"]
    logits = np.array([1.0, 9, 0.5, -3, 2])
    shares = [("apply", math.log(0.5)), ("ape", 0.0), ("apart", math.log(0.1)), ("rude", 0.0)]

    def beyond(prefix, count):
        return [pair for pair in shares if pair[0].startswith(prefix)][:count]

    ranking = sub_words.RankingBeyond(known, ["rude"], 0, beyond)
    # apt 0.5, apply 1 - 0.7, apart 1 - 2.3, ape -3: known, so not as the unknown word's share.
    assert ranking.best(logits, prefix="Ap", count=4) == ["apt", "apply", "apart", "ape"]
    assert ranking.best(logits, count=2) == ["bad", "apt"], "nothing is added before a letter"
    assert ranking.best(logits, prefix="ru") == []


def test_the_committed_result_is_of_the_committed_files():
    result = json.loads((ROOT / "docs/results/data/sub_words.json").read_text(encoding="utf-8"))
    assert result["models"]
    for name, row in result["models"].items():
        assert row["sha256"] == checksum(ROOT / "lrkeras/models" / f"{name}.tflite")
