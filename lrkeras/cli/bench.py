"""`lrkeras bench a.tflite b.tflite ...`."""

from __future__ import annotations

import argparse
import json

from rich.console import RenderableType

from lrkeras.benchmark import benchmark
from lrkeras.cli import files

HELP = "time .tflite files side by side, in turns, in one run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("models", nargs="+", help="the .tflite files; the first is the reference")
    parser.add_argument(
        "--rounds", type=int, default=100, help="turns of every file (default: 100)"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads (default: 1)")
    parser.add_argument("--no-xnnpack", action="store_true", help="use the built-in kernels alone")
    parser.add_argument("--seed", type=int, default=0, help="seed of the inputs (default: 0)")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Measures, and returns the benchmark's report."""
    report = benchmark(
        [files.existing(path) for path in options.models],
        rounds=options.rounds,
        num_threads=options.threads,
        use_xnnpack=not options.no_xnnpack,
        seed=options.seed,
    )
    return json.loads(report.to_json()), report.render()
