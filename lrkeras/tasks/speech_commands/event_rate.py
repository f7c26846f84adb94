"""Rates of rare events."""

from __future__ import annotations

from scipy import stats


def event_rate(events: int, hours: float) -> dict[str, float]:
    """Events an hour, with the exact interval of a Poisson count (Garwood 1936).

    Args:
        events: how many there were.
        hours: in how long.

    Returns:
        `events`, `hours`, `per_hour`, and `low` and `high`, the ends of the interval of 95 %.

    Raises:
        ValueError: there are no hours.
    """
    if hours <= 0:
        raise ValueError(f"Expected hours above zero; received {hours}.")
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    high = stats.chi2.ppf(0.975, 2 * events + 2) / 2
    return {
        "events": events,
        "hours": hours,
        "per_hour": events / hours,
        "low": float(low) / hours,
        "high": float(high) / hours,
    }
