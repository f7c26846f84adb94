"""Training batches: words joined into strings, new ones in every epoch."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from lrkeras.datasets.clip import Clip
from lrkeras.datasets.speech_commands import COMMANDS, DIGITS
from lrkeras.tasks.speech_commands import augmentation
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.front_end import HOP, log_mel
from lrkeras.tasks.speech_commands.labels import BLANK, UNKNOWN, output_of
from lrkeras.tasks.speech_commands.word_span import word_span

MAX_WORDS = 6
_MARGIN = 800  # samples around a word that was cut out: 50 ms
# The last third of a word and the four frames (80 ms) after it name it.
_NAMED_SHARE, _NAMED_AFTER = 1 / 3, 4
# Shares of commands, digits, other words, and words played backwards, which are no words.
_KINDS = ("command", "digit", "other", "backwards")
_SHARES = (0.5, 0.28, 0.14, 0.08)
_PAUSES = (0.04, 0.6)  # seconds
_WHOLE, _EMPTY, _NARROW, _NOISY = 0.4, 0.06, 0.25, 0.8


class ConnectedStrings(keras.utils.PyDataset):
    """Makes strings of words from single clips, and changes them in every way that is natural.

    A string has a fixed length and holds as many words as fit, some none. Words come cut out or
    with the pauses of their recording, at another speed and loudness, over a recording of noise,
    some through a filter as of a recording at 8 kHz (so that the digits of such recordings are
    not told by it). The spectrogram is tilted and masked (SpecAugment). What batch `i` of epoch
    `e` holds depends on the seed, `e` and `i` only, so that a resumed run sees what the
    uninterrupted one would have seen.

    Args:
        clips: words and noise.
        config: the run.

    Attributes:
        epoch: the epoch whose batches are returned; set it in `on_epoch_begin`.

    Raises:
        ValueError: there is no clip of a word, or none of noise.

    A batch is `(log_mel, outputs)`: float32 `(strings, frames, bands)`, and int32 `(strings,
    MAX_WORDS + frames)`, as `AlignedCTC` takes it: the outputs of the string padded with the
    blank, then the output of each frame, a word's from shortly before its end to shortly after.
    """

    def __init__(self, clips: Sequence[Clip], config: SpeechCommandsConfig) -> None:
        super().__init__()
        self.config = config
        self.epoch = 0
        self._noise = [clip.samples for clip in clips if clip.is_noise]
        words = [clip for clip in clips if not clip.is_noise]
        if not words or not self._noise:
            raise ValueError(
                f"Expected clips of words and of noise; received {len(words)} and "
                f"{len(self._noise)}. Pass the training split of a corpus that has both."
            )
        # Of each kind and word its clips, so that words come equally often.
        self._clips: dict[str, dict[str, list[Clip]]] = {kind: {} for kind in _KINDS}
        for clip in words:
            self._clips[_kind(clip.word)].setdefault(clip.word, []).append(clip)
            self._clips["backwards"].setdefault(clip.word, []).append(clip)
        present = np.array([bool(self._clips[kind]) for kind in _KINDS])
        self._shares = np.where(present, _SHARES, 0) / np.sum(_SHARES, where=present)
        self._spans = {id(clip): word_span(clip.samples) for clip in words}

    @property
    def num_batches(self) -> int:
        """The number of batches in an epoch."""
        return self.config.steps_per_epoch

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((self.config.seed, self.epoch, index))
        # Easy strings first: a network that has learned nothing yet needs words it can tell apart.
        strength = min(1.0, (self.epoch + 1) / self.config.ramp_epochs)
        samples, outputs = self._strings(strength, rng)
        frames = log_mel(samples)
        for string in frames:
            string[:] = augmentation.tilt(string, rng, decibels=6 * strength)
            widths = {"frames": round(8 * strength), "bands": round(6 * strength)}
            augmentation.spec_augment(string, rng, masks=2, **widths)
        return frames, outputs

    def recorded(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """A batch of samples `(strings, frames * HOP)`, before their spectrograms, and outputs."""
        rng = np.random.default_rng((self.config.seed, self.epoch, index))
        return self._strings(1.0, rng)

    def _strings(self, strength: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        size, length = self.config.batch_size, self.config.frames * HOP
        samples = np.zeros((size, length), np.float32)
        outputs = np.full((size, MAX_WORDS + self.config.frames), BLANK, np.int32)
        for row, targets in zip(samples, outputs, strict=True):
            said = self._fill(row, targets[MAX_WORDS:], strength, rng)
            targets[: len(said)] = said
            row[:] = self._recorded(row, bool(said), strength, rng)
        return samples, outputs

    def _fill(
        self, string: np.ndarray, targets: np.ndarray, strength: float, rng: np.random.Generator
    ) -> list[int]:
        """Adds words to a silent string and to the targets of its frames; returns the words."""
        said: list[int] = []
        if rng.random() < _EMPTY:
            return said
        at = _pause(rng)
        while len(said) < MAX_WORDS:
            samples, output, span = self._draw(strength, rng)
            if at + len(samples) > len(string):
                if said:
                    break
                # A whole clip always fits once, a little earlier.
                at = int(rng.integers(max(1, len(string) - len(samples) + 1)))
                samples = samples[: len(string) - at]
            string[at : at + len(samples)] += samples
            said.append(output)
            targets[_named(at + span[0], at + span[1])] = output
            at += len(samples) + _pause(rng)
        return said

    def _draw(
        self, strength: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, int, tuple[float, float]]:
        """A word, changed, its output, and where in the samples it begins and ends."""
        kind = _KINDS[rng.choice(len(_KINDS), p=self._shares)]
        words = self._clips[kind]
        clips = words[list(words)[rng.integers(len(words))]]
        if kind == "other":  # few clips of each word: every clip as often
            clips = [clip for some in words.values() for clip in some]
        clip = clips[rng.integers(len(clips))]
        spoken = begin, end = self._spans[id(clip)]
        if rng.random() < _WHOLE:
            begin, end = 0, len(clip.samples)
        else:
            begin, end = max(0, begin - _MARGIN), min(len(clip.samples), end + _MARGIN)
        speed = rng.uniform(*self.config.speed) ** strength
        samples = augmentation.change_speed(clip.samples[begin:end], speed)
        tempo = speed
        if self.config.tempo is not None:
            tempo = rng.uniform(*self.config.tempo) ** strength
            samples = augmentation.change_tempo(samples, tempo / speed)
        first, last = ((place - begin) / tempo for place in spoken)
        if kind == "backwards":
            return samples[::-1], output_of(UNKNOWN), (len(samples) - last, len(samples) - first)
        samples = samples * np.float32(10 ** (rng.uniform(-4, 4) / 20))
        return samples, output_of(clip.word), (first, last)

    def _recorded(
        self, string: np.ndarray, speech: bool, strength: float, rng: np.random.Generator
    ) -> np.ndarray:
        """The string at another loudness, in noise, through a filter, clipped."""
        power = float(np.mean(np.square(string, dtype=np.float64))) if speech else 0.01
        if not speech or rng.random() < _NOISY:
            noise = self._noise[rng.integers(len(self._noise))]
            noise = augmentation.excerpt(noise, len(string), rng)
            lowest, highest = self.config.noise_ratio
            ratio = highest - strength * rng.uniform(0, highest - lowest)
            string = string + augmentation.at_ratio(noise, power, ratio)
        if rng.random() < _NARROW:
            string = augmentation.narrow_band(string)
        gain = np.float32(10 ** (rng.uniform(-12, 6) / 20))
        return np.clip(string * gain, -1, 1)


def _named(begin: float, end: float) -> slice:
    """The frames that name a word spoken from one sample to another."""
    first = round((end - _NAMED_SHARE * (end - begin)) / HOP)
    return slice(max(0, first), max(0, first) + max(1, round(end / HOP) + _NAMED_AFTER - first))


def _kind(word: str) -> str:
    if word in COMMANDS:
        return "command"
    return "digit" if word in DIGITS else "other"


def _pause(rng: np.random.Generator) -> int:
    """Samples of a pause: short ones more often."""
    shortest, longest = _PAUSES
    return int(16_000 * (shortest + (longest - shortest) * rng.random() ** 2))
