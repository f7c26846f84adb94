"""`lrkeras convert in.keras out.tflite --form step --quantize int8`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from lrkeras.cli import arrays, files

if TYPE_CHECKING:
    from rich.console import RenderableType

HELP = "convert a trained model to a .tflite file that is checked against Keras"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("model", help="the model: .keras, .h5 or a SavedModel folder")
    parser.add_argument("output", help="the .tflite file to write")
    parser.add_argument(
        "--form",
        action="append",
        metavar="FORM",
        help="step, chunk_N (N steps at once) or sequence (default: step); several, separated by "
        "commas or each after a --form of its own, share one file",
    )
    parser.add_argument("--steps", type=int, help="length of the form sequence")
    parser.add_argument(
        "--quantize",
        default="none",
        help="float16, int8, int4, int8_full or none (default: none, weights stay float32)",
    )
    parser.add_argument(
        "--sample",
        help="a .npy file of inputs (time, ...) or (n, time, ...) to compare on, or a .npz with "
        "one array for each input, by its name; int8_full needs it",
    )
    parser.add_argument("--runtime", default="latest", help="oldest runtime that must read it")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the inputs that are compared on (default: 0)"
    )
    parser.add_argument("--metadata", help="a JSON file to put into the .tflite (vocabulary, ...)")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Converts, and returns the conversion's report."""
    model_file, output = files.existing_model(options.model), files.writable(options.output)
    metadata = read_metadata(options.metadata) if options.metadata else None
    sample = arrays.inputs(options.sample)

    from lrkeras.export import convert
    from lrkeras.importers.load_model import load_model

    report = convert(
        load_model(model_file, compile=False),
        output,
        forms=read_forms(options.form),
        steps=options.steps,
        quantize=None if options.quantize == "none" else options.quantize,
        runtime=options.runtime,
        metadata=metadata,
        sample=sample,
        seed=options.seed,
    )
    return json.loads(report.to_json()), report.render()


def read_forms(given: list[str] | None) -> list[str]:
    """The forms that `--form` named, once or more, with commas or without."""
    names = [name.strip() for option in given or ["step"] for name in option.split(",")]
    return [name for name in names if name]


def read_metadata(path: str) -> dict:
    """Reads a JSON object.

    Raises:
        ValueError: the file holds something else.
    """
    try:
        content = json.loads(files.existing(path).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path!r} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(
            f"Expected a JSON object in {path!r}; received a {type(content).__name__}."
        )
    return content
