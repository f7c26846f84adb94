"""`lrkeras compress in.keras out.keras --structure doped_kronecker --compression 25`.

Or `--prune-units 2`: fewer hidden units instead of other matrices.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lrkeras.cli import arrays, files

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lrkeras.structures import Structure

# Those of `lrkeras.structures`, which imports Keras.
STRUCTURES = (
    *("dense", "low_rank", "hybrid", "kronecker", "monarch", "toeplitz_like", "sparse"),
    *("shared_low_rank", "frequency_bands"),
)
HELP = "make a trained .keras model small"

# What says how matrices are replaced, which has no meaning where units go.
_OF_MATRICES = (
    "structure",
    "compression",
    "budget",
    "method",
    "block",
    "gate_layout",
    "frequencies",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("model", help="the model: .keras, .h5 or a SavedModel folder")
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
    parser.add_argument("--budget", help="'2 MB', '1 MB int4', '25x', '1.5M params' or '80 us'")
    parser.add_argument(
        "--prune-units",
        type=float,
        metavar="TIMES",
        help="instead of structures: hidden units go until the whole model has so many times fewer "
        "parameters",
    )
    parser.add_argument(
        "--units",
        action="append",
        metavar="NAME=COUNT",
        help="or how many units of a layer stay, such as lstm=128; may be repeated",
    )
    parser.add_argument(
        "--through-normalization",
        action="store_true",
        help="with --prune-units or --units: units may go that a LayerNormalization reads; train "
        "the model after it",
    )
    parser.add_argument(
        "--include", action="append", metavar="PATTERN", help="only these matrices, or layers"
    )
    parser.add_argument(
        "--exclude", action="append", metavar="PATTERN", help="not these matrices, or layers"
    )
    parser.add_argument("--method", help="svd or semi_nmf; left out, the best fit that is known")
    parser.add_argument(
        "--calibration",
        help="a .npy file of example inputs, or a .npz with one array for each input, by its name",
    )
    parser.add_argument(
        "--frequencies", help="a .npy file of how often each word occurs, in the order of ids"
    )
    parser.add_argument("--gate-layout", help="per_gate or stacked (default: per_gate)")
    parser.add_argument("--seed", type=int, default=0, help="(default: 0)")
    parser.add_argument("--report", help="a JSON file for the report")
    parser.add_argument("--plot", help="a PNG file for the report")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Compresses, and returns the compression's report."""
    model_file, output = files.existing_model(options.model), files.keras_output(options.output)
    for path in (options.report, options.plot):
        if path:
            files.writable(path)
    if options.prune_units is None and not options.units:
        if options.through_normalization:
            raise ValueError(
                "Expected --through-normalization with --prune-units or --units, received neither."
            )
        small, report = _with_structures(options, model_file)
    else:
        small, report = _with_fewer_units(options, model_file)

    from lrkeras.saving import save_model
    from lrkeras.system.atomic_write import write_text

    save_model(small, output)
    if options.report:
        write_text(options.report, report.to_json())
    if options.plot:
        report.plot(options.plot)
    return json.loads(report.to_json()), report.render()


def _with_structures(options: argparse.Namespace, model_file: pathlib.Path) -> tuple[Any, Any]:
    """The model with other matrices, and the report."""
    names = by_pattern(options.structure, options.compression, options.block, options.budget)
    calibration = arrays.inputs(options.calibration)
    frequencies = arrays.one(options.frequencies, "frequencies")

    from lrkeras.benchmark.plots import require_matplotlib
    from lrkeras.compression import compress
    from lrkeras.importers.load_model import load_model

    if options.plot:
        require_matplotlib()
    return compress(
        load_model(model_file),
        structures(names, options.compression, options.block),
        include=options.include,
        exclude=options.exclude,
        budget=options.budget,
        method=options.method,
        calibration=calibration,
        frequencies=frequencies,
        gate_layout=options.gate_layout or "per_gate",
        seed=options.seed,
        track=_quiet if options.json else _progress,
    )


def _with_fewer_units(options: argparse.Namespace, model_file: pathlib.Path) -> tuple[Any, Any]:
    """The model with fewer hidden units, and the report."""
    check_units_alone(options)
    units = None if not options.units else unit_counts(options.units)
    calibration = arrays.inputs(options.calibration)

    from lrkeras.compression import prune_units
    from lrkeras.importers.load_model import load_model

    return prune_units(
        load_model(model_file),
        options.prune_units,
        units,
        calibration,
        include=options.include,
        exclude=options.exclude,
        through_normalization=options.through_normalization,
    )


def check_units_alone(options: argparse.Namespace) -> None:
    """Checks what was given beside `--prune-units` or `--units`.

    Raises:
        ValueError: both are given, something is given that says how to replace matrices or what
            the report of units cannot do, or `--prune-units` is no number above 1.
    """
    times = options.prune_units
    if times is not None and options.units:
        raise ValueError(
            f"Expected either --prune-units or --units, received --prune-units {times:g} and "
            f"--units {' '.join(options.units)}. Leave one out."
        )
    mine = "--units" if times is None else "--prune-units"
    others = [
        f"--{name.replace('_', '-')}" for name in _OF_MATRICES if getattr(options, name) is not None
    ]
    if others:
        raise ValueError(
            f"Expected {mine} without options for matrices, received {' and '.join(others)} too. "
            "Take units out first, then compress what was written by a second command."
        )
    if options.plot:
        raise ValueError(
            f"Expected {mine} without --plot, received --plot {options.plot}: its report cannot be "
            "drawn. Leave it out; --report writes the numbers."
        )
    if times is not None and not 1 < times < math.inf:
        raise ValueError(
            f"Expected --prune-units as a number above 1, such as 2, received {times:g}."
        )


def unit_counts(given: list[str]) -> dict[str, int]:
    """The numbers of units that `--units` gave, by name.

    Raises:
        ValueError: one is no name with a whole number, or a name is given twice.
    """
    counts: dict[str, int] = {}
    for option in given:
        name, _, count = option.rpartition("=")
        if not name or not count.isdecimal():
            raise ValueError(
                "Expected --units as the name of a layer and a whole number, such as lstm=128, "
                f"received {option!r}."
            )
        if name in counts:
            raise ValueError(
                f"Expected one --units for {name!r}, received {counts[name]} and {count}. Leave "
                "one out."
            )
        counts[name] = int(count)
    return counts


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


def _progress(items: Iterable, what: str) -> Iterable:
    from rich.progress import track as progress

    return progress(items, description=what, transient=True)


def _quiet(items: Iterable, what: str) -> Iterable:
    return items
