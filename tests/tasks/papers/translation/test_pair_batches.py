"""The batches that are trained on."""

import numpy as np

from lrkeras.tasks.papers.like_lengths import batches_of_like_length
from lrkeras.tasks.papers.translation.pair_batches import PairBatches
from lrkeras.tasks.papers.translation.sub_words import END, START


def make(corpus, **changes):
    options = {"longest": 12, "batch_size": 8, "seed": 1, **changes}
    return PairBatches(corpus.train, corpus.sub_words, **options)


def pairs_of(batches, corpus):
    """The texts of an epoch, read back from the ids."""
    found = []
    for index in range(len(batches)):
        (source, before), after, weights = batches[index]
        assert (before[:, 0] == START).all()
        # What is to be said next is what was said, a step earlier, and an end behind it.
        for row, said, weight in zip(before, after, weights, strict=True):
            length = int(weight.sum())
            np.testing.assert_array_equal(row[1:length], said[: length - 1])
            assert said[length - 1] == END and not said[length:].any() and not row[length:].any()
            assert weight[:length].all()
        decode = corpus.sub_words.decode
        found += zip(decode(source), decode(after), strict=True)
    return found


def test_an_epoch_has_every_pair_once(corpus):
    batches = make(corpus)
    assert sorted(pairs_of(batches, corpus)) == sorted(corpus.train)
    assert batches.num_pairs == len(corpus.train)


def test_an_epoch_is_drawn_from_the_seed_and_its_number(corpus):
    first, again, other = make(corpus), make(corpus), make(corpus, seed=2)
    begin = pairs_of(first, corpus)
    assert pairs_of(other, corpus) != begin
    first.epoch = 1
    assert pairs_of(first, corpus) != begin
    again.epoch = 1
    assert pairs_of(again, corpus) == pairs_of(first, corpus)


def test_long_pairs_are_left_out(corpus):
    lengths = [max(map(len, corpus.sub_words.encode(pair))) for pair in corpus.train]
    longest = sorted(lengths)[100]
    batches = make(corpus, longest=longest)
    assert batches.num_pairs == sum(length <= longest for length in lengths)


def test_neighbouring_batches_have_lengths_of_their_own(corpus):
    batches = make(corpus)
    for index in range(4):
        (source, before), _, _ = batches[index]
        assert (source.shape[1] + index) % 2 == 0
        assert (before.shape[1] - 1 + index) % 2 == 0


def test_sequences_of_a_batch_are_of_like_length():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 100, 16 * 8 * 3)
    batches = batches_of_like_length(lengths, 8, rng)
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    padding = sum(8 * lengths[b].max() - lengths[b].sum() for b in batches) / lengths.sum()
    unsorted = lengths.reshape(-1, 8)
    assert padding < 0.1 < (unsorted.max(1, keepdims=True) - unsorted).sum() / lengths.sum()
