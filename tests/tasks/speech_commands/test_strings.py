"""Words in recordings, changes to them, and strings that are made of them."""

import dataclasses
import itertools

import numpy as np
import pytest

from lrkeras.datasets import speech_commands
from lrkeras.datasets.clip import Clip
from lrkeras.tasks.speech_commands import augmentation
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.connected_strings import MAX_WORDS, ConnectedStrings
from lrkeras.tasks.speech_commands.front_end import BANDS
from lrkeras.tasks.speech_commands.labels import BLANK, output_of
from lrkeras.tasks.speech_commands.spoken_strings import spoken_strings
from lrkeras.tasks.speech_commands.word_span import word_span

CONFIG = SpeechCommandsConfig(batch_size=8, frames=80, steps_per_epoch=3)


def tone(samples, hertz=440.0):
    return np.sin(2 * np.pi * hertz * np.arange(samples) / 16_000).astype("float32")


def word(length=6400, before=4800, after=4800, noise=1e-3):
    rng = np.random.default_rng(0)
    samples = noise * rng.normal(size=before + length + after)
    samples[before : before + length] += 0.3 * tone(length)
    return samples.astype("float32")


@pytest.mark.parametrize("noise", [0.0, 1e-3, 0.03])
def test_word_span_is_the_loud_part(noise):
    begin, end = word_span(word(noise=noise))
    assert abs(begin - 4800) <= 320
    assert abs(end - 11_200) <= 320


def test_word_span_of_what_has_no_loud_part():
    assert word_span(np.zeros(4000, "float32")) == (0, 4000)
    assert word_span(np.ones(100, "float32")) == (0, 100)


def test_margins_stay_inside_the_recording():
    samples = word(before=320, after=0)
    assert word_span(samples, margin=1000) == (0, len(samples))


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_faster_tone_is_shorter_and_higher(factor):
    changed = augmentation.change_speed(tone(8000), factor)
    assert abs(len(changed) - 8000 / factor) <= 1
    np.testing.assert_allclose(changed, tone(len(changed), 440 * factor), atol=5e-3)


def test_noise_is_scaled_to_the_ratio():
    noise = np.random.default_rng(0).normal(size=4000).astype("float32")
    scaled = augmentation.at_ratio(noise, speech_power=0.5, decibels=20)
    assert np.mean(np.square(scaled, dtype=float)) == pytest.approx(0.005, rel=1e-4)
    np.testing.assert_array_equal(augmentation.at_ratio(np.zeros(9), 0.5, 20), np.zeros(9))


def test_narrow_band_keeps_what_8_khz_can_hold():
    low, high = (augmentation.narrow_band(tone(8000, hertz)) for hertz in (1000, 6000))
    assert np.std(low[1000:]) == pytest.approx(np.sqrt(0.5), rel=0.02)
    assert np.abs(high[1000:]).max() < 1e-3


def test_an_excerpt_goes_round():
    excerpt = augmentation.excerpt(np.arange(5.0), 12, np.random.default_rng(3))
    assert set(np.diff(excerpt)) == {1, -4}
    assert len(excerpt) == 12


def test_stripes_hide_no_more_than_their_width():
    rng = np.random.default_rng(0)
    for _ in range(20):
        original = rng.normal(size=(50, 20)).astype("float32")
        masked = augmentation.spec_augment(original.copy(), rng, masks=1, frames=7, bands=3)
        hidden = masked != original
        rows, columns = hidden.all(axis=1).sum(), hidden.all(axis=0).sum()
        assert rows <= 7 and columns <= 3
        assert hidden.sum() == 50 * columns + 20 * rows - rows * columns
        np.testing.assert_allclose(masked[hidden], original.mean(), rtol=1e-5)


@pytest.fixture(scope="module")
def clips():
    return speech_commands.load_data("train")


def test_batches_depend_on_seed_epoch_and_place_only(clips):
    first, second = ConnectedStrings(clips, CONFIG), ConnectedStrings(clips, CONFIG)
    second[0]
    first.epoch = second.epoch = 4
    for a, b in zip(first[2], second[2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[1][0], first[2][0])
    second.epoch = 5
    assert not np.array_equal(first[2][0], second[2][0])
    other = ConnectedStrings(clips, dataclasses.replace(CONFIG, seed=2))
    assert not np.array_equal(first[0][0], other[0][0])


def test_frames_spell_the_words_of_the_string(clips):
    strings, words = ConnectedStrings(clips, CONFIG), []
    for epoch in range(3):
        strings.epoch = epoch
        for index in range(strings.num_batches):
            frames, targets = strings[index]
            assert frames.shape == (8, 80, BANDS) and np.isfinite(frames).all()
            assert targets.shape == (8, MAX_WORDS + 80)
            for row in targets:
                said = [output for output in row[:MAX_WORDS] if output != BLANK]
                # A word that is said twice has blanks between, or its frames would merge.
                spelled = [o for o, _ in itertools.groupby(row[MAX_WORDS:]) if o != BLANK]
                assert spelled == said
                words.append(len(said))
    assert 0 in words and 1 < np.mean(words) < 3


def test_frames_name_a_word_at_its_end():
    clip = Clip(word(length=8000, before=1600, after=1600), "yes", "ann")
    noise = Clip(np.full(800, 1e-4, "float32"), "", "bg")
    config = dataclasses.replace(CONFIG, frames=100, speed=(1.0, 1.0), noise_ratio=(60.0, 60.0))
    strings = ConnectedStrings([clip, noise], config)
    seen = 0
    for index in range(8):
        frames, targets = strings[index]
        for bands, row in zip(frames, targets, strict=True):
            named = np.flatnonzero(row[MAX_WORDS:] == output_of("yes"))
            if list(row[:2]) == [output_of("yes"), BLANK]:
                loud = np.flatnonzero(bands.max(axis=1) > bands.max() - 25)
                assert abs(named[-1] - 3 - loud[-1]) <= 2
                # A third of 500 ms, and 80 ms after it.
                assert 11 <= len(named) <= 14
                seen += 1
    assert seen > 3


@pytest.mark.parametrize("factor", [0.75, 1.0, 1.35])
def test_tempo_leaves_the_pitch(factor):
    spoken = 0.5 * tone(16_000, 440.0) * np.hanning(16_000).astype("float32")
    changed = augmentation.change_tempo(spoken, factor)
    assert len(changed) == round(16_000 / factor) and changed.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(changed, 160_000))  # a tenth of a hertz
    assert abs(spectrum.argmax() / 10 - 440) < 2
    # As loud, and loudest in the middle, as the envelope is.
    assert abs(np.sqrt(np.mean(changed**2) / np.mean(spoken**2)) - 1) < 0.1
    energy = np.cumsum(changed**2)
    assert abs(np.searchsorted(energy, energy[-1] / 2) / len(changed) - 0.5) < 0.02


def test_a_tempo_of_one_changes_nothing():
    spoken = word(noise=0.01)
    inside = slice(512, -512)
    changed = augmentation.change_tempo(spoken, 1.0)
    np.testing.assert_allclose(changed[inside], spoken[inside], atol=1e-3)


def test_pitch_and_tempo_of_words_are_drawn_apart():
    clip = Clip(word(length=8000, before=1600, after=1600), "yes", "ann")
    noise = Clip(np.full(800, 1e-4, "float32"), "", "bg")
    config = dataclasses.replace(CONFIG, speed=(1.3, 1.3), tempo=(0.8, 0.8), ramp_epochs=1)
    strings = ConnectedStrings([clip, noise], config)
    rng = np.random.default_rng(0)
    for _ in range(20):
        samples, _, (first, last) = strings._draw(1.0, rng)
        assert abs((last - first) - 8000 / 0.8) < 800 / 0.8
        spectrum = np.abs(np.fft.rfft(samples, 160_000))
        assert abs(spectrum.argmax() / 10 - 1.3 * 440) < 5


def test_words_and_noise_are_needed(clips):
    words = [clip for clip in clips if not clip.is_noise]
    with pytest.raises(ValueError, match=rf"received {len(words)} and 0"):
        ConnectedStrings(words, CONFIG)
    with pytest.raises(ValueError, match="received 0 and 1"):
        ConnectedStrings([clip for clip in clips if clip.is_noise], CONFIG)


def test_test_strings_hold_the_words_they_say():
    samples = word()
    yes, two = Clip(samples, "yes", "ann"), Clip(samples / 2, "two", "bob")
    bird, hum = Clip(samples, "bird", "eve"), Clip(samples, "", "bg")
    strings = spoken_strings([yes, two, bird, hum], count=20, seed=1)
    assert len(strings) == 20
    for signal, words in strings:
        assert 3 <= len(words) <= 7 and set(words) <= {"yes", "two"}
        # Each word is 0.4 s with 50 ms around it, each pause 0.1 to 0.6 s.
        assert 0.5 * len(words) + 0.1 <= len(signal) / 16_000 + 0.2 <= 1.1 * len(words) + 0.8
        level = np.abs(signal[: len(signal) // 800 * 800]).reshape(-1, 800).max(axis=1)
        runs = [loud for loud, _ in itertools.groupby(level > 0.1)]
        assert runs.count(True) == len(words)
        # The pauses are those of the recordings, not silence.
        assert 2e-4 < np.median(np.abs(signal[np.repeat(level < 0.05, 800).nonzero()])) < 2e-3
    assert {"yes", "two"} == {w for _, words in strings for w in words}
    again = spoken_strings([yes, two, bird, hum], count=20, seed=1)
    np.testing.assert_array_equal(strings[7][0], again[7][0])
    with pytest.raises(ValueError, match="none among 2 clips"):
        spoken_strings([bird, hum], count=1)
