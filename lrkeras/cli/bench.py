"""`lrkeras bench a.tflite b.tflite ...`."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING

from lrkeras.cli import files

if TYPE_CHECKING:
    from rich.console import RenderableType

HELP = "time .tflite files side by side, in turns, in one run"

_XNNPACK: dict[str, bool | str] = {"on": True, "off": False, "both": "both"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("models", nargs="+", help="the .tflite files; the first is the reference")
    parser.add_argument(
        "--rounds", type=int, default=100, help="turns of every file (default: 100)"
    )
    parser.add_argument(
        "--threads", type=_counts, default=[1], help="threads, or several: 1,2,4 (default: 1)"
    )
    kernels = parser.add_mutually_exclusive_group()
    kernels.add_argument(
        "--xnnpack", choices=list(_XNNPACK), default="on", help="kernels (default: on)"
    )
    kernels.add_argument(
        "--no-xnnpack",
        dest="xnnpack",
        action="store_const",
        const="off",
        help="use the built-in kernels alone",
    )
    parser.add_argument("--signature", help="time this one alone (default: all of each file)")
    parser.add_argument(
        "--no-memory", action="store_true", help="do not start a process a file for its memory"
    )
    parser.add_argument(
        "--no-cold", action="store_true", help="do not time runs with emptied caches"
    )
    parser.add_argument(
        "--paced",
        type=_milliseconds,
        metavar="TIME",
        help="also run each every so often, with pauses, as audio does: 10ms",
    )
    parser.add_argument(
        "--quality",
        metavar="COMMAND",
        help='judges a file, as in "python my_eval.py {file}"; its last line is a number',
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the inputs (default: 0)")
    parser.add_argument("--out", metavar="REPORT.json", help="write the report as JSON")
    parser.add_argument("--plot", metavar="REPORT.png", help="draw the report")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Measures, and returns the benchmark's report."""
    models = [files.existing(path) for path in options.models]
    out = files.writable_if_given(options.out)
    plot = files.writable_if_given(options.plot)

    from rich.console import Group

    from lrkeras.benchmark import benchmark, plot_latency
    from lrkeras.benchmark.plots import require_matplotlib
    from lrkeras.system.atomic_write import write_text

    if plot is not None:
        require_matplotlib()
    report = benchmark(
        models,
        rounds=options.rounds,
        num_threads=options.threads,
        use_xnnpack=_XNNPACK[options.xnnpack],
        signature=options.signature,
        cold=not options.no_cold,
        memory=not options.no_memory,
        quality=options.quality,
        paced_ms=options.paced,
        seed=options.seed,
    )
    written = []
    if out is not None:
        write_text(out, report.to_json())
        written.append(f"written: {out}")
    if plot is not None:
        plot_latency(report, plot)
        written.append(f"written: {plot}")
    return json.loads(report.to_json()), Group(report.render(), *written)


def _counts(text: str) -> list[int]:
    """Reads `"1,2,4"`."""
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected numbers of threads such as 2 or 1,2,4, received {text!r}"
        ) from None


def _milliseconds(text: str) -> float:
    """Reads `"10ms"`, `"10 ms"` or `"0.02s"`."""
    found = re.fullmatch(r"([0-9.]+) *(ms|s)", text.strip())
    try:
        if found:
            return float(found[1]) * (1000 if found[2] == "s" else 1)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected a time such as 10ms or 0.02s, received {text!r}")
