"""`lrkeras device RESULT.json ...`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from lrkeras.cli import files

if TYPE_CHECKING:
    from rich.console import RenderableType

HELP = "compare phones and models, by results that the Android app shared"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("results", nargs="+", help="the .json files of the app's benchmark")
    parser.add_argument(
        "--every", action="store_true", help="show every setting (default: the fastest of each)"
    )
    parser.add_argument("--out", metavar="TABLE.md", help="write the table as Markdown")
    parser.add_argument("--plot", metavar="PLOT.png", help="draw the fastest settings")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Reads, and returns the comparison."""
    paths = [files.existing(path) for path in options.results]
    out = files.writable_if_given(options.out)
    plot = files.writable_if_given(options.plot)

    from rich.console import Group

    from lrkeras.benchmark.device_plot import plot_devices
    from lrkeras.benchmark.device_report import DeviceReport
    from lrkeras.system.atomic_write import write_text

    report = DeviceReport.read(paths)
    written = []
    if plot is not None:
        plot_devices(report, plot)
        written.append(f"written: {plot}")
    if out is not None:
        write_text(out, report.to_markdown(options.every))
        written.append(f"written: {out}")
    return json.loads(report.to_json()), Group(report.render(options.every), *written)
