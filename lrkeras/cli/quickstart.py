"""`lrkeras quickstart`: the whole way from text to a report."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lrkeras.cli.train import nearest

if TYPE_CHECKING:
    from rich.console import RenderableType

HELP = "train, convert and measure a dense and a compressed word model, and write a report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("--out", default="quickstart-out", help="folder (default: quickstart-out)")
    parser.add_argument("--preset", default="tiny", help="settings of the models (default: tiny)")
    parser.add_argument("--rounds", type=int, default=100, help="rounds of the benchmark")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Runs every stage, and returns the report."""
    from rich.console import Console, Group
    from rich.markdown import Markdown
    from rich.progress import track

    from lrkeras.tasks import word_prediction
    from lrkeras.tasks.quickstart import report as quickstart_report
    from lrkeras.tasks.quickstart import run as quickstart

    preset = nearest("preset", options.preset, word_prediction.PRESETS)
    console = Console()

    def say(line: str) -> None:
        console.rule(f"[bold]{line}", align="left")

    def bar(items: Iterable, what: str) -> Iterable:
        return track(list(items), description=what, console=console)

    shown: dict[str, Any] = {} if options.json else {"say": say, "track": bar}
    report = quickstart.run(
        options.out,
        preset=preset,
        rounds=options.rounds,
        verbose=0 if options.json else 1,
        **shown,
    )
    files = f"Models, report.json, report.md and plots are in {options.out}"
    return report, Group(Markdown(quickstart_report.table(report)), files)
