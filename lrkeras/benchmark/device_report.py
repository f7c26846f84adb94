"""Phones and models side by side."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from typing import Any

from lrkeras.benchmark.device_result import DeviceResult, DeviceRow
from lrkeras.system.markdown_table import markdown_table

_HEADINGS = [
    "phone",
    "model",
    "run",
    "threads",
    "bytes",
    "p50",
    "p90",
    "p99",
    "worst",
    "runs",
    "at the end",
]


@dataclasses.dataclass(frozen=True)
class DeviceReport:
    """Results of phones, read from what the app shares.

    Attributes:
        results: One for each file, in the order they were given.
    """

    results: list[DeviceResult]

    @classmethod
    def read(cls, paths: Sequence[str | os.PathLike]) -> DeviceReport:
        """Reads and checks files; errors as those of `DeviceResult.read`."""
        return cls([DeviceResult.read(path) for path in paths])

    @property
    def rows(self) -> list[DeviceRow]:
        """Every row of every file."""
        return [row for result in self.results for row in result.rows]

    @property
    def fastest(self) -> list[DeviceRow]:
        """Of each phone, model, measure and pace the setting with the smallest median."""
        best: dict[tuple, DeviceRow] = {}
        for row in self.rows:
            key = (row.phone, row.model, row.sha256, row.measure, row.mode, row.period_ms)
            if key not in best or row.p50_us < best[key].p50_us:
                best[key] = row
        return list(best.values())

    @property
    def warnings(self) -> list[str]:
        """Those of the files, each once."""
        return list(dict.fromkeys(text for result in self.results for text in result.warnings))

    def to_json(self) -> str:
        """Phones and all rows as JSON."""
        content = {
            "phones": [{"phone": r.phone, "file": r.path, **r.facts} for r in self.results],
            "rows": [dataclasses.asdict(row) for row in self.rows],
            "warnings": self.warnings,
        }
        return json.dumps(content, indent=2)

    def to_markdown(self, every: bool = False) -> str:
        """A table; of each model the fastest setting, or every one."""
        rows = self.rows if every else self.fastest
        table = markdown_table(_HEADINGS, map(_cells, rows))
        return "\n\n".join([table, *self.warnings])

    def render(self, every: bool = False) -> Any:
        """A table for each phone, as something `rich.print` shows."""
        from rich.console import Group

        rows = self.rows if every else self.fastest
        phones = dict.fromkeys(row.phone for row in rows)
        tables = [_table(phone, [row for row in rows if row.phone == phone]) for phone in phones]
        kind = "every setting" if every else "the fastest setting of each model"
        return Group(*tables, f"Time of one run in microseconds; {kind}.", *self.warnings)


def pace_of(row: DeviceRow) -> str:
    """How runs followed one another, in words."""
    return f"every {row.period_ms:g} ms" if row.mode == "paced" else row.mode


def _cells(row: DeviceRow) -> list[str]:
    late = f", {row.late} late" if row.late else ""
    return [
        row.phone,
        row.model,
        f"{row.measure}, {pace_of(row)}",
        f"{row.threads}{'' if row.xnnpack else ', no XNNPACK'}",
        f"{row.file_bytes:,}",
        f"{row.p50_us:.1f}",
        f"{row.p90_us:.1f}",
        f"{row.p99_us:.1f}",
        f"{row.worst_us:.1f}",
        f"{row.count:,}{late}",
        "" if row.drift is None else f"x{row.drift:.2f}",
    ]


def _table(phone: str, rows: list[DeviceRow]) -> Any:
    """The columns that tell something, for a screen of 80 characters."""
    from rich.table import Table

    headings = _HEADINGS[1:]
    shown = [n for n, name in enumerate(headings) if name not in ("bytes", "runs", "at the end")]
    if any(row.drift is not None or row.late for row in rows):
        shown += [headings.index("runs"), headings.index("at the end")]
    table = Table(title=phone)
    for number in shown:
        table.add_column(
            headings[number], justify="right" if number >= 3 else "left", overflow="fold"
        )
    for row in rows:
        cells = _cells(row)[1:]
        table.add_row(*(cells[number] for number in shown))
    return table
