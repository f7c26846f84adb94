"""Utterances that nobody said, for trainings of seconds."""

from __future__ import annotations

import numpy as np

from lrkeras.datasets.an4 import COEFFICIENTS
from lrkeras.datasets.spoken_utterance import SpokenUtterance

_WORDS = ("GO", "NO", "ON", "GOON")
_SPEAKERS = {"train": 8, "valid": 2, "test": 2}
_UTTERANCES = 6
_SHORTEST, _LONGEST = 7, 11  # frames of a character


def made_up(split: str) -> list[SpokenUtterance]:
    """Words of which every character is a pattern of cepstra, slower or faster and with noise.

    Args:
        split: `"train"`, `"valid"` or `"test"`.
    """
    patterns = np.random.default_rng(0)
    sounds = {
        character: patterns.normal(0, 1, COEFFICIENTS)
        for character in sorted(set("".join(_WORDS)) | {" "})
    }
    first = {"train": 0, "valid": 100, "test": 200}[split]
    found = []
    for speaker in range(first, first + _SPEAKERS[split]):
        rng = np.random.default_rng(speaker + 1)
        for number in range(_UTTERANCES):
            text = " ".join(rng.choice(_WORDS, 1 + number % 3))
            lengths = rng.integers(_SHORTEST, _LONGEST + 1, len(text))
            means = np.repeat([sounds[character] for character in text], lengths, axis=0)
            # Quiet between two characters, or two alike would be one long one.
            means[np.cumsum(lengths) - 1] = 0
            cepstra = (means + rng.normal(0, 0.2, means.shape)).astype(np.float32)
            found.append(
                SpokenUtterance(f"{speaker}-{number}", f"made-up-{speaker}", text, cepstra)
            )
    return found
