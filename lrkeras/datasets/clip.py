"""One recording of one spoken word."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """A recording and what is known about it.

    Attributes:
        samples: float32 of shape `(samples,)` in [-1, 1], at 16,000 a second.
        word: what is said; empty for background noise.
        speaker: who says it; for noise, the recording it is of.
        name: the file, below the folder of its corpus.
    """

    samples: np.ndarray
    word: str
    speaker: str
    name: str = ""

    @property
    def is_noise(self) -> bool:
        """Whether nothing is said."""
        return not self.word
