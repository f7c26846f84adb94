"""`lrkeras inspect file`: what is in a `.keras`, a `.h5` or a `.tflite` file."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import pathlib
from typing import Any

import keras
from rich.console import Group, RenderableType
from rich.table import Table

from lrkeras.cli import files
from lrkeras.export import DelegateReport
from lrkeras.export.delegates.model_explorer import write_node_data
from lrkeras.export.layer_rows import layer_rows
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.step_runner import METADATA_NAME
from lrkeras.export.steps.step_model import StepModel
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.saving import load_model
from lrkeras.structures.stored_size import StoredSize

HELP = "show parameters, bytes, multiplications and delegates of a .keras, .h5 or .tflite file"

COUNTS = ("params", "dense_params", "bytes_without_indices", "bytes", "macs")
_HEADINGS = ("parameters", "if dense", "float32 bytes", "with indices", "MACs a step")


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
    file = files.existing(options.file)
    if file.suffix == ".tflite":
        out = None if options.node_data is None else files.writable(options.node_data)
        content, delegates = describe_tflite(file)
        if out is not None:
            content["node_data"] = write_node_data(delegates, out)
        return content, _show_tflite(content, delegates)
    if options.node_data is not None:
        raise ValueError(f"Expected a .tflite file with --node-data, received {str(file)!r}.")
    content = describe_keras(load_model(options.file, compile=False))
    content |= {"file": str(file), "file_bytes": file.stat().st_size}
    return content, _show_keras(content)


def describe_keras(model: keras.Model) -> dict[str, Any]:
    """Returns one row a layer with weights, and the sums of the rows.

    `params` counts what is stored, of a sparse part the entries at its target; `dense_params` what
    dense matrices would have. `bytes` are those of float32 weights and of the indices of sparse
    parts, `bits_per_weight` the bits of these for each of the `dense_params`. `macs` are the
    multiplications of one time step.
    """
    layers = _flat_layers(model)
    step = StepModel(model, [], [], [], layers=layers, lowerings={})
    by_name = {layer.name: layer for layer in layers}
    rows = [
        {"name": row.name, "kind": row.kind, "structure": row.structure}
        | dataclasses.asdict(StoredSize.of(by_name[row.name]))
        | {"macs": row.macs}
        for row in layer_rows(step)
    ]
    totals = {key: sum(row[key] for row in rows) for key in COUNTS}
    bits = 8 * totals["bytes"] / max(1, totals["dense_params"])
    return {"model": model.name, "layers": rows, **totals, "bits_per_weight": bits}


def describe_tflite(file: pathlib.Path) -> tuple[dict[str, Any], DelegateReport]:
    """Returns size, signatures, operators, delegates and metadata of a file, and its nodes.

    Raises:
        ImportError: the runtime is not installed.
        ValueError: it is no file that the runtime can read.
    """
    # Without XNNPACK, which may crash on a file that it misreads; the report below is careful.
    interpreter = open_interpreter(file, use_xnnpack=False)
    signatures = {}
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        ends = {"inputs": runner.get_input_details(), "outputs": runner.get_output_details()}
        signatures[name] = {
            end: {key: _tensor(detail) for key, detail in details.items()}
            for end, details in ends.items()
        }
    model = ModelFile(file.read_bytes())
    operators = collections.Counter(model.op_name(op) for op in model.graphs[0].operators)
    delegates = DelegateReport.of(file)
    content = {
        "file": str(file),
        "file_bytes": file.stat().st_size,
        "minimum_runtime": delegates.minimum_runtime,
        "signatures": signatures,
        "operators": dict(operators),
        "macs": sum(node.macs for node in delegates.graphs[0].nodes),
        "delegates": dataclasses.asdict(delegates),
        "warning": delegates.warning(),
        "metadata": json.loads(model.metadata(METADATA_NAME) or b"{}"),
    }
    return content, delegates


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
    for heading, key in zip(_HEADINGS, COUNTS, strict=True):
        table.add_column(heading, justify="right", footer=f"{content[key]:,}")
    bits = f"{content['bits_per_weight']:.2f}"
    table.add_column("bits a weight", justify="right", footer=bits)
    for row in content["layers"]:
        numbers = [f"{row[key]:,}" for key in COUNTS]
        bits = f"{row['bits_per_weight']:.2f}"
        table.add_row(f"{row['name']} ({row['kind']})", row["structure"], *numbers, bits)
    return table


def _show_tflite(content: dict[str, Any], delegates: DelegateReport) -> RenderableType:
    table = Table(title=f"{content['file']}: {content['file_bytes']:,} bytes")
    for heading in ("signature", "direction", "tensor", "type and shape"):
        table.add_column(heading)
    for signature, ends in content["signatures"].items():
        for end, tensors in ends.items():
            for name, kind in tensors.items():
                table.add_row(signature, end[:-1], name, kind)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(content["operators"].items()))
    keys = ", ".join(content["metadata"]) or "none"
    memory = delegates.graphs[0].tensor_bytes
    return Group(
        table,
        f"operators: {counts}",
        f"metadata: {keys}",
        f"needs runtime {content['minimum_runtime'] or 'unknown'} or later; {content['macs']:,} "
        f"MACs a run; {memory:,} bytes of tensors (without weights and XNNPACK's own memory)",
        delegates.render(),
        *(f"node data: {file}" for file in content.get("node_data", ())),
    )
