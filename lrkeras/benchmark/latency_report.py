"""The result of a benchmark."""

import dataclasses
import json
import os
from collections.abc import Callable
from typing import Any

from lrkeras.benchmark.file_latency import FileLatency
from lrkeras.benchmark.file_memory import FileMemory
from lrkeras.benchmark.file_quality import FileQuality

_Column = tuple[str, Callable[[Any], str]]


@dataclasses.dataclass(frozen=True)
class LatencyReport:
    """Latencies of files that were run in turn.

    Attributes:
        files: A row for each file, signature and setting, in the order they were given.
        rounds: Number of rounds; in each, every row had a turn, in an order drawn anew.
        num_threads: Threads of the kernels; a list if several numbers were compared.
        use_xnnpack: Whether XNNPACK took the operators it knows; `"both"` if that was compared.
        seed: Seed of the inputs and of the order.
        overhead_us: Median time of a run of a model with a single addition: what a call costs
            whatever it computes. It is part of every time here.
        machine: The processor and operating system.
        load_average: Processes that wanted a processor in the last minute of the benchmark; well
            above one, other programs took part of the machine. None if the system does not say.
        versions: Versions of the packages that took part.
        memory: The memory of each file and setting; empty if it was not asked for.
        warnings: Files that were not run as asked for, and why.
        quality: What the quality command said of each file; empty without one.
    """

    files: list[FileLatency]
    rounds: int
    num_threads: int | list[int]
    use_xnnpack: bool | str
    seed: int
    overhead_us: float
    machine: str
    load_average: float | None
    versions: dict[str, str]
    memory: list[FileMemory] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)
    quality: list[FileQuality] = dataclasses.field(default_factory=list)

    def to_json(self) -> str:
        """The report as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    def render(self) -> Any:
        """The report as something `rich.print` shows."""
        from rich.console import Group

        parts: list[Any] = [
            _table("Time of one run in microseconds", [*self._keys(), *self._times()], self.files),
            _table("Loading, in microseconds", [*self._keys(), *_LOADING], self.files),
        ]
        paced = [row.paced for row in self.files if row.paced is not None]
        if paced:
            title = f"Time of one run every {paced[0].period_ms:g} ms, in microseconds"
            parts.append(_table(title, [*self._keys(), *_PACED], self.files))
        if self.memory:
            title = "Memory in MB, of a process that runs this file alone"
            parts.append(_table(title, [*self._keys(), *_MEMORY], self.memory))
        parts += [f"quality of {q.path}: {q.error}" for q in self.quality if q.error]
        return Group(*parts, *self.warnings, self._conditions())

    def _keys(self) -> list[_Column]:
        """The columns that tell rows apart."""
        names = _short_names([row.path for row in self.files])
        columns: list[_Column] = [("file", lambda row: names[row.path])]
        if len({row.signature for row in self.files}) > 1:
            columns.append(("signature", lambda row: getattr(row, "signature", None) or ""))
        if isinstance(self.num_threads, list):
            columns.append(("threads", lambda row: str(row.num_threads)))
        if len({row.use_xnnpack for row in self.files}) > 1:
            columns.append(("XNNPACK", lambda row: "on" if row.use_xnnpack else "off"))
        return columns

    def _times(self) -> list[_Column]:
        columns: list[_Column] = [
            ("median", lambda row: f"{row.median_us:.1f}"),
            ("p90", lambda row: f"{row.p90_us:.1f}"),
            ("p99", lambda row: f"{row.p99_us:.1f}"),
        ]
        if any(row.steps > 1 for row in self.files):
            columns.append(("a step", lambda row: f"{row.step_us:.1f}"))
            columns.append(("its p90", lambda row: f"{row.step_p90_us:.1f}"))
        if any(row.cold_us is not None for row in self.files):
            columns.append(("cold", lambda row: f"{row.cold_us:.1f}"))
        columns += [("runs", lambda row: str(row.count)), ("times faster", _speedup)]
        if self.quality:
            values = {q.path: "failed" if q.value is None else f"{q.value:g}" for q in self.quality}
            columns.append(("quality", lambda row: values[row.path]))
        return columns

    def _conditions(self) -> str:
        counts = [self.num_threads] if isinstance(self.num_threads, int) else self.num_threads
        threads = ", ".join(str(count) for count in counts)
        names = {"True": "XNNPACK", "False": "no XNNPACK", "both": "with and without XNNPACK"}
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        load = "" if self.load_average is None else f", load average {self.load_average:.1f}"
        cold = "Cold: with the caches full of other data. " if self.files[0].cold_us else ""
        paced = ""
        if any(row.paced is not None for row in self.files):
            paced = "Late: not ended when the next run was due; asleep between two runs. "
        memory = (
            "Memory: more than before the file was opened, after every signature ran once; "
            "resident counts pages of the file, which the system drops when memory is short, "
            "private does not, shared out counts pages that other processes use in shares. "
        )
        return (
            f"{self.rounds} interleaved rounds, {threads} thread(s), "
            f"{names[str(self.use_xnnpack)]}; each time includes {self.overhead_us:.2f} us of call "
            f"overhead; {self.machine}{load}; {versions}. {cold}{memory if self.memory else ''}"
            f"{paced}Times faster: a step, than that of the first row; median and quartiles over "
            "the rounds."
        )


def _table(title: str, columns: list[_Column], rows: list) -> Any:
    from rich.table import Table

    table = Table(title=title)
    for number, (heading, _) in enumerate(columns):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(show(row) for _, show in columns))
    return table


def _short_names(paths: list[str]) -> dict[str, str]:
    """File names by path, without folders where these are not needed to tell files apart."""
    names = {path: os.path.basename(path) for path in paths}
    return names if len(set(names.values())) == len(names) else {path: path for path in paths}


def _speedup(row: FileLatency) -> str:
    low, high = row.speedup_quartiles
    return f"{row.speedup:.2f} ({low:.2f} to {high:.2f})"


def _growth(before: int | None, after: int | None) -> str:
    return "" if before is None or after is None else f"{(after - before) / 1e6:.1f}"


def _times_file(row: FileMemory) -> str:
    """Private memory over the size of the file."""
    if row.anonymous_before is None or row.anonymous_after is None:
        return ""
    return f"{(row.anonymous_after - row.anonymous_before) / row.file_bytes:.2f}"


_LOADING: list[_Column] = [
    ("bytes", lambda row: f"{row.file_bytes:,}"),
    ("open", lambda row: f"{row.open_us:,.0f}"),
    ("allocate", lambda row: f"{row.allocate_us:,.0f}"),
    ("first run", lambda row: f"{row.first_run_us:,.0f}"),
]
_PACED: list[_Column] = [
    ("median", lambda row: f"{row.paced.median_us:.1f}"),
    ("p90", lambda row: f"{row.paced.p90_us:.1f}"),
    ("p99", lambda row: f"{row.paced.p99_us:.1f}"),
    ("worst", lambda row: f"{row.paced.worst_us:.1f}"),
    ("of its time without pauses", lambda row: f"{row.paced.median_us / row.median_us:.2f}"),
    ("late", lambda row: f"{row.paced.late} of {row.paced.count}"),
]
_MEMORY: list[_Column] = [
    ("resident", lambda row: _growth(row.rss_before, row.rss_after)),
    ("shared out", lambda row: _growth(row.pss_before, row.pss_after)),
    ("private", lambda row: _growth(row.anonymous_before, row.anonymous_after)),
    ("times the file", _times_file),
    ("peak", lambda row: _growth(row.rss_before, row.peak)),
    ("whole process, peak", lambda row: _growth(0, row.peak)),
]
