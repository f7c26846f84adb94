"""Batches of utterances."""

import dataclasses

import numpy as np

from lrkeras.tasks.papers.an4.corpus import load_corpus
from lrkeras.tasks.papers.an4.features import stacked, with_slopes
from lrkeras.tasks.papers.an4.rows import config_of
from lrkeras.tasks.papers.an4.utterance_batches import UtteranceBatches, targets

TINY = dataclasses.replace(config_of("an4_tiny"), noise=0.0, ordered_epochs=1, batch_size=5)
CORPUS = load_corpus(TINY, None)
MOMENTS = CORPUS.moments()


def batches(epoch, **changes):
    made = UtteranceBatches(CORPUS.train, dataclasses.replace(TINY, **changes), MOMENTS)
    made.epoch = epoch
    return made


def test_every_utterance_is_in_an_epoch_once():
    wanted = sorted(one.text for one in CORPUS.train)
    for epoch in (0, 1):
        made = batches(epoch)
        assert made.num_batches == 10  # of 48, five at a time
        texts = [
            "".join(" ABCDEFGHIJKLMNOPQRSTUVWXYZ'"[o - 1] for o in row[1:] if o)
            for index in range(10)
            for row in made[index][1]
        ]
        assert sorted(texts) == wanted


def test_the_first_epoch_goes_from_short_to_long_and_later_ones_in_any_order():
    def longest(epoch):
        return [int(batches(epoch)[index][1][:, 0].max()) for index in range(10)]

    assert longest(0) == sorted(longest(0))
    assert longest(1) != sorted(longest(1))
    assert longest(1) != longest(2)


def test_the_steps_are_those_of_the_utterance_behind_them_zeros():
    inputs, wanted = batches(0)[0]
    by_length = sorted(CORPUS.train, key=lambda one: len(one.cepstra))[:5]
    for row, target, one in zip(inputs, wanted, by_length, strict=True):
        steps = target[0]
        frames = with_slopes(one.cepstra)
        # It begins at one of the three frames.
        assert any(
            len(expected) == steps and np.allclose(row[:steps], expected, atol=1e-5)
            for expected in (stacked(frames, 3, first) for first in range(3))
        )
        assert not row[steps:].any()


def test_an_epoch_is_drawn_from_the_seed_and_its_number():
    def all_of(epoch, seed):
        return [batches(epoch, seed=seed, noise=0.1)[index][0] for index in range(3)]

    for a, b in zip(all_of(1, 1), all_of(1, 1), strict=True):
        np.testing.assert_array_equal(a, b)
    others = [all_of(2, 1), all_of(1, 2)]
    for other in others:
        assert any(
            a.shape != b.shape or (a != b).any() for a, b in zip(all_of(1, 1), other, strict=True)
        )


def test_the_first_two_batches_have_different_lengths():
    # Keras would take a length that they have in common for that of all.
    made = batches(0, batch_size=1)
    for part in (0, 1):
        assert made[0][part].shape[1] != made[1][part].shape[1]


def test_targets_by_hand():
    np.testing.assert_array_equal(targets(["GO", "A"], [7, 5], 3), [[7, 8, 16, 0], [5, 2, 0, 0]])
