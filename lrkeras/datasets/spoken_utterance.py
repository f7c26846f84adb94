"""One spoken utterance as cepstra."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class SpokenUtterance:
    """What somebody said.

    Attributes:
        name: of the recording.
        speaker: who spoke; no speaker is in two splits.
        text: what was said, in capitals, words apart by one space.
        cepstra: float32 of shape `(frames, coefficients)`, 100 frames a second.
    """

    name: str
    speaker: str
    text: str
    cepstra: np.ndarray
