import numpy as np
import pytest

from lrkeras.datasets import Vocabulary


def test_most_frequent_words_first_and_ties_in_alphabetical_order():
    tokens = ["b", "a", "c", "a", "b", "a", "<eos>", "d"]
    assert Vocabulary.from_tokens(tokens).words == ("<unk>", "<eos>", "a", "b", "c", "d")
    assert Vocabulary.from_tokens(tokens, 4).words == ("<unk>", "<eos>", "a", "b")


def test_encode_and_decode():
    vocabulary = Vocabulary(["<unk>", "<eos>", "hello"])
    ids = vocabulary.encode(["hello", "moon", "<eos>"])
    assert ids.dtype == np.int32
    np.testing.assert_array_equal(ids, [2, 0, 1])
    assert vocabulary.decode(ids) == ["hello", "<unk>", "<eos>"]
    assert len(vocabulary) == 3


def test_oov_rate_counts_unknown_words():
    vocabulary = Vocabulary(["a", "<eos>", "<unk>"])
    assert vocabulary.oov_rate(vocabulary.encode(["a", "x", "y", "<eos>"])) == 0.5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["<unk>", "<eos>", "a", "a"], "'a' more than once"),
        (["<unk>", "a"], "must hold '<eos>'"),
        (["<eos>", "a"], "must hold '<unk>'"),
    ],
)
def test_bad_word_lists_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        Vocabulary(words)


def test_a_vocabulary_needs_room_for_a_word():
    with pytest.raises(ValueError, match=r"at least 3 .* received 2"):
        Vocabulary.from_tokens(["a"], 2)
