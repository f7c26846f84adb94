"""Where in a recording the word is."""

from __future__ import annotations

import numpy as np

HOP = 160  # 10 ms
_SMOOTH = 5  # hops
_BELOW_PEAK, _ABOVE_FLOOR = 30.0, 0.2


def word_span(samples: np.ndarray, margin: int = 0) -> tuple[int, int]:
    """Finds the first and the last loud part of a recording of one word.

    Loud is what is less than 30 dB below the loudest 50 ms, and, in noise, what is above a fifth of
    the way (in decibels) from the quietest tenth to the loudest part.

    Args:
        samples: shape `(samples,)`, 16,000 a second.
        margin: samples to keep on both sides.

    Returns:
        `(begin, end)`, within the recording; all of it where it has no louder part.
    """
    hops = len(samples) // HOP
    if hops < _SMOOTH:
        return 0, len(samples)
    power = np.square(samples[: hops * HOP], dtype=np.float64).reshape(hops, HOP).mean(axis=1)
    power = np.convolve(power, np.full(_SMOOTH, 1 / _SMOOTH), mode="same")
    level = 10 * np.log10(np.maximum(power, 1e-10))
    peak, floor = level.max(), np.quantile(level, 0.1)
    loud = np.flatnonzero(level > max(peak - _BELOW_PEAK, floor + _ABOVE_FLOOR * (peak - floor)))
    if not len(loud):
        return 0, len(samples)
    # The smoothing made the loud part longer by half its width at both ends.
    begin = (loud[0] + _SMOOTH // 2) * HOP
    end = max(begin + HOP, (loud[-1] + 1 - _SMOOTH // 2) * HOP)
    return max(0, begin - margin), min(len(samples), end + margin)
