"""`lrkeras inspect file`: what is in a `.keras`, a `.h5` or a `.tflite` file."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from lrkeras.cli import files

if TYPE_CHECKING:
    from rich.console import RenderableType

HELP = "show parameters, bytes, multiplications and delegates of a .keras, .h5 or .tflite file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("file", help="the .keras, .h5 or .tflite file")
    parser.add_argument(
        "--node-data",
        metavar="OUT.json",
        help="of a .tflite: write MACs, bytes and the delegate of each node for Model Explorer",
    )


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Describes the file."""
    file = files.existing_model(options.file)
    is_tflite = file.suffix == ".tflite"
    if options.node_data is not None and not is_tflite:
        raise ValueError(f"Expected a .tflite file with --node-data, received {str(file)!r}.")
    out = files.writable_if_given(options.node_data)
    if is_tflite:
        from lrkeras.cli.tflite_file import describe, show
        from lrkeras.export.delegates.model_explorer import write_node_data

        content, delegates = describe(file)
        if out is not None:
            content["node_data"] = write_node_data(delegates, out)
        return content, show(content, delegates)

    from lrkeras.importers.load_model import load_model
    from lrkeras.model_summary import summary

    found = summary(load_model(file, compile=False))
    size = files.size(file)
    content = {**json.loads(found.to_json()), "file": str(file), "file_bytes": size}
    return content, found.render(title=f"{file}: {size:,} bytes")
