"""Strings of words for a test: joined from single clips with the pauses of the recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lrkeras.datasets.clip import Clip
from lrkeras.datasets.wav import SAMPLE_RATE
from lrkeras.tasks.speech_commands.augmentation import excerpt
from lrkeras.tasks.speech_commands.labels import LABELS
from lrkeras.tasks.speech_commands.word_span import word_span

LENGTHS = (3, 7)  # words
_PAUSES = (0.1, 0.6)  # seconds
_MARGIN = 800  # samples kept around a word: 50 ms
_FADE = 160  # samples over which one recording gives way to the next: 10 ms


def spoken_strings(
    clips: Sequence[Clip], count: int, seed: int = 0
) -> list[tuple[np.ndarray, list[str]]]:
    """Joins clips of commands and digits.

    Half of the words are commands and half digits where there are both. The pause before a word is
    of the word's own recording: what is quiet in it, repeated as long as the pause is.

    Args:
        clips: what to join; noise and words without a label are left out.
        count: the number of strings.
        seed: of the choice of words and of the pauses.

    Returns:
        Each string as `(samples, words)`: float32 of shape `(samples,)`, and 3 to 7 words.

    Raises:
        ValueError: there is no clip to join.
    """
    by_kind: dict[bool, list[Clip]] = {False: [], True: []}
    for clip in clips:
        if clip.word in LABELS:
            by_kind[LABELS.index(clip.word) < len(LABELS) // 2].append(clip)
    kinds = [known for known in by_kind.values() if known]
    if not kinds:
        raise ValueError(
            f"Expected clips of commands or digits; received none among {len(clips)} clips."
        )
    rng = np.random.default_rng(seed)
    strings = []
    for _ in range(count):
        chosen = []
        for _ in range(rng.integers(LENGTHS[0], LENGTHS[1] + 1)):
            kind = kinds[rng.integers(len(kinds))]
            chosen.append(kind[rng.integers(len(kind))])
        strings.append((joined(chosen, rng), [clip.word for clip in chosen]))
    return strings


def joined(clips: Sequence[Clip], rng: np.random.Generator) -> np.ndarray:
    """The words of some clips in one recording, a pause before each and behind the last."""
    parts = [part for clip in clips for part in _with_pause(clip, rng)]
    parts.append(_with_pause(clips[-1], rng)[0])
    return _faded(parts)


def _with_pause(clip: Clip, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A pause in the manner of a recording, and its word."""
    begin, end = word_span(clip.samples, _MARGIN)
    quiet = np.concatenate([clip.samples[:begin], clip.samples[end:]])
    length = int(SAMPLE_RATE * rng.uniform(*_PAUSES))
    # A recording without a quiet part (cut at the word) gives a silent pause.
    pause = excerpt(quiet, length, rng) if len(quiet) > 4 * _FADE else np.zeros(length, np.float32)
    return pause, clip.samples[begin:end]


def _faded(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Joins recordings, each faded into the next so that no seam clicks."""
    ramp = np.linspace(0, math.pi / 2, _FADE, dtype=np.float32)
    total = sum(len(part) - _FADE for part in parts) + _FADE
    result, at = np.zeros(total, np.float32), 0
    for number, part in enumerate(parts):
        faded = part.copy()
        if number:
            faded[:_FADE] *= np.sin(ramp)
        if number + 1 < len(parts):
            faded[-_FADE:] *= np.cos(ramp)
        result[at : at + len(faded)] += faded
        at += len(faded) - _FADE
    return result
