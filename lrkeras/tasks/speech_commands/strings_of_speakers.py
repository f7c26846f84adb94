"""Strings of words of which each speaker says as many as any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lrkeras.datasets.clip import Clip
from lrkeras.tasks.speech_commands.labels import LABELS
from lrkeras.tasks.speech_commands.spoken_strings import LENGTHS, joined


class SpokenString(NamedTuple):
    """A recording of some words.

    Attributes:
        samples: float32 of shape `(samples,)`.
        words: what is said.
        speakers: who says each word.
    """

    samples: np.ndarray
    words: list[str]
    speakers: list[str]


def strings_of_speakers(clips: Sequence[Clip], count: int, seed: int = 0) -> list[SpokenString]:
    """Joins clips of commands and digits as `spoken_strings` does.

    For each word a speaker is drawn, then one of the speaker's clips. Where one speaker has most of
    the clips, as the held-out one of the digits has, drawing clips would make the words those of
    one person, and an interval over speakers would mean little.

    Args:
        clips: what to join; noise and words without a label are left out.
        count: the number of strings.
        seed: of the choice of words and of the pauses.

    Raises:
        ValueError: there is no clip to join.
    """
    by_speaker: dict[str, list[Clip]] = {}
    for clip in clips:
        if clip.word in LABELS:
            by_speaker.setdefault(clip.speaker, []).append(clip)
    if not by_speaker:
        raise ValueError(
            f"Expected clips of commands or digits; received none among {len(clips)} clips."
        )
    speakers = sorted(by_speaker)
    rng = np.random.default_rng(seed)
    strings = []
    for _ in range(count):
        chosen = []
        for _ in range(rng.integers(LENGTHS[0], LENGTHS[1] + 1)):
            own = by_speaker[speakers[rng.integers(len(speakers))]]
            chosen.append(own[rng.integers(len(own))])
        words, said_by = [clip.word for clip in chosen], [clip.speaker for clip in chosen]
        strings.append(SpokenString(joined(chosen, rng), words, said_by))
    return strings
