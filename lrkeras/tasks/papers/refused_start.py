"""Rows that start from nothing take no run to start from."""

from __future__ import annotations

import pathlib


def refuse_start(row: str, start: str | pathlib.Path | None) -> None:
    """Says that a row starts from no run, if one is given.

    Args:
        row: its name.
        start: what was given.

    Raises:
        ValueError: something was.
    """
    if start is not None:
        raise ValueError(
            f"Expected no finished run for {row!r}, which starts from nothing; received "
            f"{str(start)!r}. Leave `start` (--start) out."
        )
