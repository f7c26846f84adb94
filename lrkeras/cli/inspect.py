"""`lrkeras inspect file`: what is in a `.keras`, a `.h5` or a `.tflite` file."""

from __future__ import annotations

import argparse
import collections
import pathlib
from typing import Any

import keras
from rich.console import Group, RenderableType
from rich.table import Table

from lrkeras.cli import files
from lrkeras.export import StepRunner
from lrkeras.export.interpreters import open_interpreter
from lrkeras.export.layer_rows import layer_rows
from lrkeras.export.model_file import ModelFile
from lrkeras.export.step_model import StepModel
from lrkeras.saving import load_model

HELP = "show parameters, bytes and multiplications of a .keras, .h5 or .tflite file"

COUNTS = ("params", "bytes", "macs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("file", help="the .keras, .h5 or .tflite file")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Describes the file."""
    file = files.existing(options.file)
    if file.suffix == ".tflite":
        content = describe_tflite(file)
        return content, _show_tflite(content)
    content = describe_keras(load_model(options.file, compile=False))
    content |= {"file": str(file), "file_bytes": file.stat().st_size}
    return content, _show_keras(content)


def describe_keras(model: keras.Model) -> dict[str, Any]:
    """Returns one row a layer with weights, and the sums of the rows.

    `params` counts what is stored, of a sparse part the entries at its target. `bytes` are those of
    float32 weights and of the indices of sparse parts. `macs` are the multiplications of one time
    step.
    """
    step = StepModel(model, [], [], [], layers=_flat_layers(model), lowerings={})
    rows = [
        {"name": row.name, "kind": row.kind, "structure": row.structure}
        | {key: getattr(row, key) for key in COUNTS}
        for row in layer_rows(step, None)
    ]
    totals = {key: sum(row[key] for row in rows) for key in COUNTS}
    return {"model": model.name, "layers": rows, **totals}


def describe_tflite(file: pathlib.Path) -> dict[str, Any]:
    """Returns the size, the signatures, the operators and the metadata of a file.

    Raises:
        ImportError: the runtime is not installed.
        ValueError: it is no file that the runtime can read.
    """
    interpreter = open_interpreter(file)
    signatures = {}
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        ends = {"inputs": runner.get_input_details(), "outputs": runner.get_output_details()}
        signatures[name] = {
            end: {key: _tensor(detail) for key, detail in details.items()}
            for end, details in ends.items()
        }
    graph = ModelFile(file.read_bytes())
    operators = collections.Counter(graph.op_name(op) for op in graph.graph.operators)
    return {
        "file": str(file),
        "file_bytes": file.stat().st_size,
        "signatures": signatures,
        "operators": dict(operators),
        "metadata": StepRunner(file).metadata if "step" in signatures else {},
    }


def _flat_layers(model: keras.Model) -> list[keras.layers.Layer]:
    flat: list[keras.layers.Layer] = []
    for layer in model.layers:
        flat += _flat_layers(layer) if isinstance(layer, keras.Model) else [layer]
    return flat


def _tensor(detail: dict) -> str:
    return f"{detail['dtype'].__name__} {tuple(int(size) for size in detail['shape'])}"


def _show_keras(content: dict[str, Any]) -> RenderableType:
    table = Table(title=f"{content['file']}: {content['file_bytes']:,} bytes", show_footer=True)
    table.add_column("layer", footer="all")
    table.add_column("structure")
    for heading, key in zip(("parameters", "float32 bytes", "MACs a step"), COUNTS, strict=True):
        table.add_column(heading, justify="right", footer=f"{content[key]:,}")
    for row in content["layers"]:
        numbers = (f"{row[key]:,}" for key in COUNTS)
        table.add_row(f"{row['name']} ({row['kind']})", row["structure"], *numbers)
    return table


def _show_tflite(content: dict[str, Any]) -> RenderableType:
    table = Table(title=f"{content['file']}: {content['file_bytes']:,} bytes")
    for heading in ("signature", "direction", "tensor", "type and shape"):
        table.add_column(heading)
    for signature, ends in content["signatures"].items():
        for end, tensors in ends.items():
            for name, kind in tensors.items():
                table.add_row(signature, end[:-1], name, kind)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(content["operators"].items()))
    keys = ", ".join(content["metadata"]) or "none"
    return Group(table, f"operators: {counts}", f"metadata: {keys}")
