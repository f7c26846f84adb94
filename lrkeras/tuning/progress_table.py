"""A table of trials that changes while they run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

_SHOWN = 24


class ProgressTable:
    """Shows each trial, how far it is, and how much time is left.

    Args:
        trials: How many there will be.
        objective: Name of what is told of each.
        show: Whether to show anything.
    """

    def __init__(self, trials: int, objective: str, show: bool):
        self._trials, self._objective, self._show = trials, objective, show
        self._rows: dict[int, list[str]] = {}
        self._over: dict[int, float] = {}
        self._begun = time.monotonic()
        self._live: Any = None

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """While it lasts, the table is on the screen."""
        if not self._show:
            yield
            return
        from rich.live import Live

        with Live(refresh_per_second=2, transient=True) as self._live:
            yield

    def add(self, number: int, label: str, result: dict[str, Any] | None) -> None:
        """Adds a trial, which may be over already."""
        self._rows[number] = [str(number), label, "", "", "waits"]
        if result is not None:
            self._fill(number, result)
        self._draw()

    def state(self, number: int, state: str) -> None:
        """Says what a trial does now."""
        self._rows[number][4] = state
        self._draw()

    def epoch(self, number: int, epoch: int, value: float) -> None:
        """Says what a trial has reached after an epoch."""
        self._rows[number][2:] = [str(epoch), f"{value:.4g}", "trains"]
        self._draw()

    def end(self, number: int, result: dict[str, Any]) -> None:
        """Says what became of a trial."""
        self._fill(number, result)
        self._over[number] = time.monotonic()
        self._draw()

    def _fill(self, number: int, result: dict[str, Any]) -> None:
        history, quality = result.get("history") or [], result.get("quality")
        last = quality if quality is not None else (history[-1] if history else None)
        self._rows[number][2] = str(len(history) or "")
        self._rows[number][3] = "" if last is None else f"{last:.4g}"
        self._rows[number][4] = result.get("state", "")

    def _draw(self) -> None:
        if self._live is None:
            return
        from rich.table import Table

        table = Table(title=self._title())
        for heading in ("trial", "what", "epoch", self._objective, "state"):
            table.add_column(heading)
        for number in sorted(self._rows)[-_SHOWN:]:
            table.add_row(*self._rows[number])
        self._live.update(table)

    def _title(self) -> str:
        over, taken = len(self._over), time.monotonic() - self._begun
        known = sum(row[4] not in ("waits", "being made", "trains") for row in self._rows.values())
        left = f", about {taken / over * (self._trials - known) / 60:.0f} min left" if over else ""
        return f"{known} of {self._trials} trials, {taken / 60:.0f} min{left}"
