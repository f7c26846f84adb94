"""Changes to cepstra that leave the words what they are."""

from __future__ import annotations

import numpy as np

from lrkeras.tasks.papers.an4.config import AN4Config

_STRETCHES = 2


def changed(
    cepstra: np.ndarray,
    config: AN4Config,
    moments: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Another utterance of the same words: another tempo, channel and noise, and parts hidden.

    Hidden parts have the mean of the training speakers (SpecAugment, Park et al. 2019, arXiv
    1904.08779, on cepstra).

    Args:
        cepstra: shape `(frames, coefficients)`; it stays as it is.
        config: how much is changed.
        moments: mean and standard deviation of the coefficients.
        rng: draws the changes.
    """
    mean, deviation = moments
    found = at_tempo(cepstra, 1 + rng.uniform(-config.tempo, config.tempo))
    found = found + rng.normal(0, config.shift, found.shape[1:]) * deviation
    found = found + rng.normal(0, config.noise, found.shape) * deviation
    for _ in range(_STRETCHES):
        # An utterance of a word or two is not hidden as a whole.
        width = int(rng.integers(min(config.masked_frames, len(found) // 6) + 1))
        begin = int(rng.integers(len(found) - width + 1))
        found[begin : begin + width] = mean
    width = int(rng.integers(config.masked_coefficients + 1))
    begin = int(rng.integers(found.shape[1] - width + 1))
    found[:, begin : begin + width] = mean[begin : begin + width]
    return found.astype(np.float32)


def at_tempo(cepstra: np.ndarray, factor: float) -> np.ndarray:
    """Says the same `factor` times as fast, by linear interpolation between frames."""
    frames = max(1, round(len(cepstra) / factor))
    places = np.linspace(0, len(cepstra) - 1, frames)
    before = np.minimum(places.astype(int), max(0, len(cepstra) - 2))
    share = (places - before)[:, None]
    after = np.minimum(before + 1, len(cepstra) - 1)
    return (1 - share) * cepstra[before] + share * cepstra[after]
