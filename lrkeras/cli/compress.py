"""`lrkeras compress in.keras out.keras --structure doped_kronecker --compression 25`."""

from __future__ import annotations

import argparse
import json
import pathlib
from collections.abc import Iterable

import numpy as np
from rich.console import RenderableType
from rich.progress import track as progress

from lrkeras.cli import files
from lrkeras.compression import compress
from lrkeras.saving import load_model, save_model
from lrkeras.structures import NAMES, Structure, get

HELP = "make a trained .keras model small"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("model", help="the .keras file")
    parser.add_argument("output", help="the .keras file to write")
    parser.add_argument(
        "--structure",
        action="append",
        metavar="[PATTERN=]NAME",
        help=f"{', '.join(NAMES)}, doped_NAME or auto; with a pattern, such as "
        "'lstm*.recurrent=low_rank', for the matrices it matches; may be repeated",
    )
    parser.add_argument("--compression", type=float, help="times smaller, for each matrix")
    parser.add_argument(
        "--block", type=int, nargs=2, metavar=("OUT", "IN"), help="block of sparse parts: 1 16"
    )
    parser.add_argument("--budget", help="'2 MB', '1.4 MB int8', '25x', '1.5M params' or '80 us'")
    parser.add_argument("--include", action="append", metavar="PATTERN", help="only these matrices")
    parser.add_argument("--exclude", action="append", metavar="PATTERN", help="not these matrices")
    parser.add_argument("--method", help="svd or semi_nmf; left out, the best fit that is known")
    parser.add_argument("--calibration", help="a .npy file of example inputs")
    parser.add_argument("--gate-layout", default="per_gate", help="per_gate or stacked")
    parser.add_argument("--seed", type=int, default=0, help="(default: 0)")
    parser.add_argument("--report", help="a JSON file for the report")
    parser.add_argument("--plot", help="a PNG file for the report")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Compresses, and returns the compression's report."""
    output = files.writable(options.output)
    if output.suffix != ".keras":
        raise ValueError(f"Expected an output that ends in .keras; received {str(output)!r}.")
    for path in (options.report, options.plot):
        if path:
            files.writable(path)
    what = structure(options.structure, options.compression, options.block, options.budget)
    calibration = None if options.calibration is None else examples(options.calibration)
    small, report = compress(
        load_model(options.model),
        what,
        include=options.include,
        exclude=options.exclude,
        budget=options.budget,
        method=options.method,
        calibration=calibration,
        gate_layout=options.gate_layout,
        seed=options.seed,
        track=_quiet if options.json else _progress,
    )
    save_model(small, output)
    if options.report:
        pathlib.Path(options.report).write_text(report.to_json() + "\n", encoding="utf-8")
    if options.plot:
        report.plot(options.plot)
    return json.loads(report.to_json()), report.render()


def structure(
    names: list[str] | None,
    compression: float | None,
    block: list[int] | None,
    budget: str | None,
):
    """What `compress` takes as `what`.

    Raises:
        ValueError: a size is missing or given twice, or a structure is unknown.
    """
    if (compression is None) == (budget is None):
        raise ValueError("Expected either --compression or --budget.")
    if not names:
        if budget is None:
            raise ValueError("Expected --structure with --compression.")
        names = ["auto"]
    pairs = [name.rpartition("=")[::2] for name in names]
    chosen = {pattern or "*": _sized(name, compression, block) for pattern, name in pairs}
    return chosen["*"] if list(chosen) == ["*"] else chosen


def _sized(name: str, compression: float | None, block: list[int] | None) -> str | Structure:
    if name == "auto":
        return name
    arguments: dict = {}
    sparse = name == "sparse" or name.startswith("doped_")
    if compression is not None:
        arguments["compression"] = compression
    elif name.startswith("doped_"):
        arguments["density"] = 0.1  # the budget chooses another
    if block is not None and sparse:
        arguments["block"] = tuple(block)
    return get(name, **arguments)


def examples(path: str) -> np.ndarray:
    """Reads inputs for a calibration.

    Raises:
        ValueError: the file is no array that NumPy can read without running code.
    """
    try:
        return np.load(files.existing(path), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"Expected a .npy file of inputs; {path!r} is not one: {error}") from error


def _progress(items: Iterable, what: str) -> Iterable:
    return progress(items, description=what, transient=True)


def _quiet(items: Iterable, what: str) -> Iterable:
    return items
