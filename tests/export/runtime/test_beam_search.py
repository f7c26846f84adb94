"""Beam search against all sequences, and against a search written another way."""

import itertools

import numpy as np
import pytest

from lrkeras.export.runtime.beam_search import beam_search

TOKENS, END, START = 4, 3, 0


def table(seed):
    """Log-probabilities of the next token at each step after every token: a chain."""
    scores = np.random.default_rng(seed).normal(size=(6, TOKENS, TOKENS)) * 2
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def search(chain, **options):
    return beam_search(lambda token, at: (chain[at][token], at + 1), 0, START, END, **options)


def every_sequence(chain, longest, penalty):
    """Score and tokens of all that end within some steps, or last as long, by trying them."""
    found = []
    for length in range(1, longest + 1):
        for tokens in itertools.product(range(TOKENS), repeat=length):
            ends = [place for place, token in enumerate(tokens) if token == END]
            if ends != [length - 1] and (ends or length < longest):
                continue
            path = [START, *tokens]
            total = sum(chain[at, a, b] for at, (a, b) in enumerate(itertools.pairwise(path)))
            words = [token for token in tokens if token != END]
            found.append((total / length**penalty, words))
    return sorted(found, key=lambda one: -one[0])


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_likeliest_of_all(seed, penalty):
    chain = table(seed)
    found = search(chain, width=4**4, max_steps=4, length_penalty=penalty)
    expected = every_sequence(chain, 4, penalty)[: len(found)]
    assert [one.tokens for one in found[:20]] == [tokens for _, tokens in expected[:20]]
    np.testing.assert_allclose([one.score for one in found], [score for score, _ in expected])


def beams(chain, width, longest, penalty):
    """The search as it is described, without stopping early, on plain lists."""
    live, done = [(0.0, [])], []
    for length in range(1, longest + 1):
        tried = [
            (total + chain[length - 1, tokens[-1] if tokens else START, token], [*tokens, token])
            for total, tokens in live
            for token in range(TOKENS)
        ]
        kept = sorted(tried, key=lambda one: -one[0])[:width]
        done += [(t / length**penalty, x[:-1]) for t, x in kept if x[-1] == END]
        live = [one for one in kept if one[1][-1] != END]
    done += [(total / longest**penalty, tokens) for total, tokens in live]
    return sorted(done, key=lambda one: -one[0])[:width]


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_narrow_beam(width, penalty):
    for seed in range(10):
        chain = table(seed)
        found = search(chain, width=width, max_steps=6, length_penalty=penalty)
        expected = beams(chain, width, 6, penalty)
        assert [one.tokens for one in found] == [tokens for _, tokens in expected]


def test_what_is_impossible_is_no_result():
    chain = np.full((6, TOKENS, TOKENS), -np.inf)
    chain[0, START, 1] = chain[1, 1, END] = 0.0
    (only,) = search(chain, width=3, max_steps=5)
    assert (only.tokens, only.log_probability, only.is_finished) == ([1], 0.0, True)
