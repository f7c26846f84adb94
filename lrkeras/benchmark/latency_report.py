"""The result of a benchmark."""

import dataclasses
import json
from typing import Any

from lrkeras.benchmark.file_latency import FileLatency


@dataclasses.dataclass(frozen=True)
class LatencyReport:
    """Latencies of files that were run in turn.

    Attributes:
        files: A row for each file, in the order they were given.
        rounds: Number of rounds; in each, every file had a turn, in an order drawn anew.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK took the operators it knows.
        seed: Seed of the inputs and of the order.
        overhead_us: Median time of a run of a model with a single addition: what a call costs
            whatever it computes. It is part of every time here.
        machine: The processor and operating system.
        versions: Versions of the packages that took part.
    """

    files: list[FileLatency]
    rounds: int
    num_threads: int
    use_xnnpack: bool
    seed: int
    overhead_us: float
    machine: str
    versions: dict[str, str]

    def to_json(self) -> str:
        """The report as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    def render(self) -> Any:
        """The report as something `rich.print` shows."""
        from rich.console import Group
        from rich.table import Table

        table = Table(title="Time of one run in microseconds")
        for heading in ("file", "bytes", "median", "p90", "p99", "runs", "load", "times faster"):
            table.add_column(heading, justify="right", overflow="fold")
        table.columns[0].justify = "left"
        for row in self.files:
            low, high = row.speedup_quartiles
            times = (f"{t:.1f}" for t in (row.median_us, row.p90_us, row.p99_us))
            spread = f"{row.speedup:.2f} ({low:.2f} to {high:.2f})"
            load = f"{row.load_us:.0f}"
            table.add_row(row.path, f"{row.file_bytes:,}", *times, str(row.count), load, spread)
        return Group(table, self._conditions())

    def _conditions(self) -> str:
        kernels = "XNNPACK" if self.use_xnnpack else "no XNNPACK"
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{self.rounds} interleaved rounds, {self.num_threads} thread(s), {kernels}; each time "
            f"includes {self.overhead_us:.2f} us of call overhead; {self.machine}; {versions}. "
            "Times faster: than the first file, median and quartiles over the rounds."
        )
