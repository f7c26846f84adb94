"""`lrkeras compress in.keras out.keras --structure doped_kronecker --compression 25`."""

from __future__ import annotations

import argparse
import json
import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lrkeras.cli import files

if TYPE_CHECKING:
    import numpy as np
    from rich.console import RenderableType

    from lrkeras.structures import Structure

# Those of `lrkeras.structures`, which imports Keras.
STRUCTURES = (
    *("dense", "low_rank", "hybrid", "kronecker", "monarch", "toeplitz_like", "sparse"),
    *("shared_low_rank", "frequency_bands"),
)
HELP = "make a trained .keras model small"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("model", help="the .keras file")
    parser.add_argument("output", help="the .keras file to write")
    parser.add_argument(
        "--structure",
        action="append",
        metavar="[PATTERN=]NAME",
        help=f"{', '.join(STRUCTURES)}, doped_NAME or auto; with a pattern, such as "
        "'lstm*.recurrent=low_rank', for the matrices it matches. May be repeated: for other "
        "patterns, or with --budget for others to choose from",
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
    model_file, output = files.existing(options.model), files.writable(options.output)
    if output.suffix != ".keras":
        raise ValueError(f"Expected an output that ends in .keras; received {str(output)!r}.")
    for path in (options.report, options.plot):
        if path:
            files.writable(path)
    names = by_pattern(options.structure, options.compression, options.block, options.budget)
    calibration = None if options.calibration is None else examples(options.calibration)

    from lrkeras.benchmark.plots import require_matplotlib
    from lrkeras.compression import compress
    from lrkeras.saving import load_model, save_model

    if options.plot:
        require_matplotlib()
    small, report = compress(
        load_model(model_file),
        structures(names, options.compression, options.block),
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


def by_pattern(
    given: list[str] | None,
    compression: float | None,
    block: list[int] | None,
    budget: str | None,
) -> dict[str, list[str]]:
    """The names of structures that `--structure` gave for each pattern, `"*"` without one.

    Raises:
        ValueError: a size is missing or given twice, one matrix has several structures and no
            budget to choose by, or there is a block and nothing that has blocks.
    """
    if (compression is None) == (budget is None):
        raise ValueError("Expected either --compression or --budget.")
    if not given and budget is None:
        raise ValueError("Expected --structure with --compression.")
    found: dict[str, list[str]] = {}
    for option in given or ["auto"]:
        pattern, _, name = option.rpartition("=")
        found.setdefault(pattern or "*", []).append(name)
    for pattern, names in found.items():
        listed = " and ".join(names)
        if len(names) > 1 and budget is None:
            raise ValueError(
                f"Expected one --structure for {pattern!r} with --compression, received {listed}. "
                "Several are to choose from, by a --budget."
            )
        if len(names) > 1 and "auto" in names:
            raise ValueError(
                f"Expected auto alone for {pattern!r}, received {listed}. It stands for structures "
                "to choose from."
            )
    every = [name for names in found.values() for name in names]
    if block is not None and not any(map(_is_sparse, every)):
        raise ValueError(
            "Expected sparse or doped_NAME with --block, the block of sparse parts, received "
            f"{' and '.join(every)}."
        )
    return found


def structures(
    names: dict[str, list[str]], compression: float | None, block: list[int] | None
) -> Any:
    """What `compress` takes as `what`.

    Raises:
        ValueError: a structure is unknown.
    """
    made = {
        pattern: [_sized(name, compression, block) for name in several]
        for pattern, several in names.items()
    }
    chosen = {
        pattern: several if len(several) > 1 else several[0] for pattern, several in made.items()
    }
    return chosen["*"] if list(chosen) == ["*"] else chosen


def _is_sparse(name: str) -> bool:
    return name == "sparse" or name.startswith("doped_")


def _sized(name: str, compression: float | None, block: list[int] | None) -> str | Structure:
    from lrkeras.structures import get

    if name == "auto":
        return name
    arguments: dict = {}
    if compression is not None:
        arguments["compression"] = compression
    elif name.startswith("doped_"):
        arguments["density"] = 0.1  # the budget chooses another
    if block is not None and _is_sparse(name):
        arguments["block"] = tuple(block)
    return get(name, **arguments)


def examples(path: str) -> np.ndarray:
    """Reads inputs for a calibration.

    Raises:
        ValueError: the file is no array that NumPy can read without running code.
    """
    import numpy as np

    try:
        return np.load(files.existing(path), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"Expected a .npy file of inputs; {path!r} is not one: {error}") from error


def _progress(items: Iterable, what: str) -> Iterable:
    from rich.progress import track as progress

    return progress(items, description=what, transient=True)


def _quiet(items: Iterable, what: str) -> Iterable:
    return items
