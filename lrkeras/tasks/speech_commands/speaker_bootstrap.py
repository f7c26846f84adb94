"""Intervals of rates for other speakers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_DRAWS, _SHARE = 10_000, 0.95


class SpeakerBootstrap:
    """Draws speakers anew, with all that they said: what a rate would be with other speakers.

    Clips of one person are right or wrong together; an interval that draws clips one by one is too
    narrow. Efron and Tibshirani 1993, the percentiles of a bootstrap over clusters.

    Args:
        speakers: who said each item.
        seed: of the draws, which are the same for all rates: differences are paired.

    Raises:
        ValueError: there are fewer than two speakers.
    """

    def __init__(self, speakers: Sequence[str], seed: int = 0) -> None:
        names, self._owner = np.unique(list(speakers), return_inverse=True)
        if len(names) < 2:
            raise ValueError(
                f"Expected items of two speakers or more; received {len(speakers)} of {len(names)}."
            )
        self.speakers = len(names)
        rng = np.random.default_rng(seed)
        # How often each speaker was drawn.
        self._drawn = rng.multinomial(
            self.speakers, np.full(self.speakers, 1 / self.speakers), _DRAWS
        )
        self._items = np.bincount(self._owner)

    def rate(self, values: Sequence[float] | np.ndarray) -> dict[str, float]:
        """The mean of values, one an item, and the interval: `mean`, `low`, `high`."""
        sums = np.bincount(self._owner, np.asarray(values, np.float64))
        drawn = self._drawn @ sums / (self._drawn @ self._items)
        low, high = np.quantile(drawn, [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
        return {
            "mean": float(sums.sum() / self._items.sum()),
            "low": float(low),
            "high": float(high),
        }

    def difference(
        self, values: Sequence[float] | np.ndarray, others: Sequence[float] | np.ndarray
    ) -> dict[str, float]:
        """How much larger the mean of some values is than that of others of the same items."""
        return self.rate(np.asarray(values, np.float64) - np.asarray(others, np.float64))
