import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrkeras.tasks.keyboard.blocked_words import load_blocked_words
from lrkeras.tasks.keyboard.word_ranking import WordRanking

WORDS = ["<unk>", "<eos>", "<num>", ".", "the", "i", "b", "don't", "done", "do", "happy",
         "happiness", "%", "bad", "dog"]  # fmt: skip


@pytest.fixture
def ranking():
    return WordRanking(WORDS, blocked=["bad"])


def logits(**values):
    found = np.full(len(WORDS), -10.0)
    for word, value in values.items():
        found[WORDS.index({"dont": "don't", "stop": ".", "percent": "%"}.get(word, word))] = value
    found[:3] = 50  # special tokens never show
    return found


def test_only_what_may_be_shown(ranking):
    values = logits(bad=9, percent=8, b=7, stop=6, the=5, i=4, dog=3)
    assert ranking.best(values) == ["b", "the", "i"]
    assert "bad" not in ranking.best(values, prefix="ba", count=9)


def test_one_mark_at_most_is_the_last(ranking):
    assert ranking.best(logits(b=7, stop=8, the=5, i=4), marks=True) == ["b", "the", "."]
    assert ranking.best(logits(b=7, stop=4.5, the=5, i=4), marks=True) == ["b", "the", "."]
    assert ranking.best(logits(b=7, stop=4, the=5, i=4), marks=True) == ["b", "the", "i"]
    assert ranking.best(logits(stop=8, the=5), marks=True, count=1) == ["."]
    assert ranking.best(logits(stop=8, the=5), prefix="th", marks=True) == ["the"]
    several = WordRanking([".", ",", "?", "we", "do"])
    assert several.best(np.array([7.0, 9, 8, 1, 2]), marks=True) == ["do", "we", ","]
    assert several.best(np.array([0.0, -1, -2, 1, 2]), marks=True) == ["do", "we", "."]
    assert WordRanking([".", ","]).best(np.zeros(2), marks=True) == ["."]


def test_prefix_counts_no_apostrophes_and_no_case(ranking):
    values = logits(dont=1, done=2, do=3, dog=0)
    assert ranking.best(values, prefix="DON") == ["done", "don't"]
    assert ranking.best(values, prefix="don'") == ["done", "don't"]
    assert ranking.best(values, prefix="dont") == ["don't"]
    assert ranking.best(values, prefix="d", count=4) == ["do", "done", "don't", "dog"]


def test_equal_logits_go_to_the_lower_id(ranking):
    assert ranking.best(np.zeros(len(WORDS)), count=2) == ["the", "i"]


def test_only_words_of_the_vocabulary_are_suggested(ranking):
    values = logits(happiness=3, happy=2, dog=9)
    for typed in ("unhapp", "redo", "ahappy", "dont'h", "zq", "xyz"):
        assert ranking.best(values, prefix=typed) == []
    assert ranking.best(values, prefix="happin") == ["happiness"]


@pytest.mark.parametrize("count", [0, -1, 2.5, None, "3", True])
def test_a_count_that_is_none_is_refused(ranking, count):
    with pytest.raises(ValueError, match="Expected count to be a whole number of at least 1"):
        ranking.best(logits(), count=count)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "ab", "abc", "b", "ba", "i", "it's", "its"]), unique=True,
             min_size=1),
    st.sampled_from(["", "a", "ab", "it", "its", "b", "c"]),
    st.integers(1, 4),
    st.integers(0, 2**31),
)  # fmt: skip
def test_best_is_a_sorted_filter(words, prefix, count, seed):
    values = np.random.default_rng(seed).integers(0, 3, len(words)).astype(float)
    allowed = [
        (-values[i], i) for i, word in enumerate(words) if word.replace("'", "").startswith(prefix)
    ]
    expected = [words[i] for _, i in sorted(allowed)[:count]]
    assert WordRanking(words).best(values, prefix=prefix, count=count) == expected


def test_blocked_words_are_lower_case_and_listed_once():
    words = load_blocked_words()
    assert len(words) > 100
    assert list(words) == sorted(set(words))
    assert all(word == word.lower() and word.isalpha() for word in words)
