"""`lrkeras convert in.keras out.tflite --form step --quantize int8`."""

from __future__ import annotations

import argparse
import json

from rich.console import RenderableType

from lrkeras.cli import files
from lrkeras.export import convert
from lrkeras.saving import load_model

HELP = "convert a .keras or .h5 model to a .tflite file that is checked against Keras"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("model", help="the .keras file, or the .h5 file of Keras 2")
    parser.add_argument("output", help="the .tflite file to write")
    parser.add_argument("--form", default="step", help="step, chunk or sequence (default: step)")
    parser.add_argument("--quantize", help="float16 or int8; left out, weights stay float32")
    parser.add_argument("--runtime", default="latest", help="oldest runtime that must read it")
    parser.add_argument("--metadata", help="a JSON file to put into the .tflite (vocabulary, ...)")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Converts, and returns the conversion's report."""
    output = files.writable(options.output)
    metadata = read_metadata(options.metadata) if options.metadata else None
    model = load_model(options.model, compile=False)
    report = convert(
        model,
        output,
        form=options.form,
        quantize=options.quantize,
        runtime=options.runtime,
        metadata=metadata,
    )
    return json.loads(report.to_json()), report.render()


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
