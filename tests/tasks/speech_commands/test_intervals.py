"""Errors word by word, and intervals of rates."""

import numpy as np
import pytest
from scipy import stats

from lrkeras.datasets.clip import Clip
from lrkeras.tasks.speech_commands.event_rate import event_rate
from lrkeras.tasks.speech_commands.speaker_bootstrap import SpeakerBootstrap
from lrkeras.tasks.speech_commands.strings_of_speakers import strings_of_speakers
from lrkeras.tasks.speech_commands.word_errors import word_errors


@pytest.mark.parametrize(
    ("said", "heard", "expected"),
    [
        (["yes", "no", "two"], ["yes", "no", "two"], [0, 0, 0]),
        (["yes", "no", "two"], ["yes", "two"], [0, 1, 0]),
        (["yes", "no", "two"], ["yes", "go", "two"], [0, 1, 0]),
        (["yes", "no"], ["up", "yes", "no", "on", "off"], [1, 2]),
        (["yes", "no"], [], [1, 1]),
    ],
)
def test_errors_stand_at_their_words(said, heard, expected):
    assert word_errors(said, heard) == expected


def test_the_sum_of_the_errors_is_that_of_jiwer():
    import jiwer

    rng = np.random.default_rng(0)
    words = ["yes", "no", "up", "on"]
    for _ in range(50):
        said, heard = (list(rng.choice(words, rng.integers(1, 8))) for _ in range(2))
        rate = jiwer.wer(" ".join(said), " ".join(heard))
        assert sum(word_errors(said, heard)) / len(said) == pytest.approx(rate)


def test_an_interval_over_speakers_is_that_of_their_means():
    # 40 speakers of 5 clips each, all right or all wrong: 40 coins, not 200.
    right = np.arange(40) % 4 > 0
    bootstrap = SpeakerBootstrap(np.repeat(np.arange(40), 5).astype(str))
    found = bootstrap.rate(np.repeat(right, 5))
    assert (bootstrap.speakers, found["mean"]) == (40, 0.75)
    low, high = stats.binom.ppf([0.025, 0.975], 40, 0.75) / 40
    assert found["low"] == pytest.approx(low, abs=0.026)
    assert found["high"] == pytest.approx(high, abs=0.026)


def test_a_rate_counts_items_not_speakers():
    found = SpeakerBootstrap(["ann", "ann", "ann", "bob"]).rate([1, 1, 1, 0])
    # Drawn are ann twice, bob twice, or one of each.
    assert (found["mean"], found["low"], found["high"]) == (0.75, 0.0, 1.0)


def test_differences_are_paired():
    rng = np.random.default_rng(1)
    speakers = np.repeat(np.arange(30), 10).astype(str)
    hard = np.repeat(rng.uniform(0, 1, 30), 10)  # some speakers are hard for both
    bootstrap = SpeakerBootstrap(speakers)
    found = bootstrap.difference(hard + 0.01, hard)
    assert found == pytest.approx({"mean": 0.01, "low": 0.01, "high": 0.01})
    alone = bootstrap.rate(hard)
    assert alone["high"] - alone["low"] > 0.1
    with pytest.raises(ValueError, match="received 3 of 1"):
        SpeakerBootstrap(["ann"] * 3)


def test_rates_of_events_have_the_interval_of_poisson():
    # Garwood's table: 0 events up to 3.689, 10 events 4.795 to 18.390.
    none, ten = event_rate(0, 0.5), event_rate(10, 2.0)
    assert (none["low"], none["high"]) == (0, pytest.approx(3.689 / 0.5, rel=1e-3))
    assert ten["per_hour"] == 5
    assert (ten["low"], ten["high"]) == pytest.approx((4.795 / 2, 18.390 / 2), rel=1e-3)
    with pytest.raises(ValueError, match="above zero"):
        event_rate(1, 0)


def test_every_speaker_says_as_many_words():
    def clip(word, speaker):
        samples = np.zeros(8000, "float32")
        samples[2000:6000] = 0.3
        return Clip(samples, word, speaker)

    clips = [clip("two", "theo")] * 90 + [clip("yes", "ann"), clip("bird", "eve")]
    strings = strings_of_speakers(clips, 200, seed=3)
    said = [pair for one in strings for pair in zip(one.words, one.speakers, strict=True)]
    assert set(said) == {("two", "theo"), ("yes", "ann")}
    # Of about 1,000 draws half, give or take three deviations.
    assert abs(np.mean([word == "yes" for word, _ in said]) - 0.5) < 0.05
    assert all(3 <= len(one.words) <= 7 for one in strings)
    again = strings_of_speakers(clips, 200, seed=3)
    np.testing.assert_array_equal(again[9].samples, strings[9].samples)
    with pytest.raises(ValueError, match="none among 1 clips"):
        strings_of_speakers([clip("bird", "eve")], 1)
