"""From cepstra to what a step of the network reads."""

from __future__ import annotations

import numpy as np

# Frames on either side from which a slope is taken; the last ones are 20 ms ahead.
_REACH = 2


def with_slopes(cepstra: np.ndarray) -> np.ndarray:
    """Puts the slope of every coefficient beside it ("deltas").

    `d[t] = sum_n n (c[t + n] - c[t - n]) / (2 sum_n n^2)` for n = 1, 2: the least-squares line
    through five frames. The first and the last frame go on beyond the ends.

    Args:
        cepstra: shape `(frames, coefficients)`.

    Returns:
        Shape `(frames, 2 * coefficients)`.
    """
    padded = np.pad(cepstra, ((_REACH, _REACH), (0, 0)), mode="edge")
    frames = len(cepstra)
    slopes = np.zeros_like(cepstra)
    for n in range(1, _REACH + 1):
        slopes += n * (padded[_REACH + n :][:frames] - padded[_REACH - n :][:frames])
    slopes /= 2 * sum(n * n for n in range(1, _REACH + 1))
    return np.concatenate([cepstra, slopes], axis=1)


def stacked(frames: np.ndarray, count: int, first: int = 0) -> np.ndarray:
    """Joins `count` frames after each other into one step; what is left at the end is dropped.

    Args:
        frames: shape `(frames, features)`.
        count: frames of a step.
        first: the frame to begin with.

    Returns:
        Shape `((frames - first) // count, count * features)`.
    """
    steps = (len(frames) - first) // count
    return frames[first : first + steps * count].reshape(steps, -1)


def steps_of(cepstra: np.ndarray, count: int) -> np.ndarray:
    """What the network reads of an utterance, `(steps, count * 2 * coefficients)`."""
    return stacked(with_slopes(cepstra), count)
