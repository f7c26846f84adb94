"""What `lrkeras inspect` says of a `.tflite` file."""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from lrkeras.benchmark.signatures import read_model, signature_graphs
from lrkeras.export import DelegateReport
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.step_runner import METADATA_NAME

_ENDS = ("inputs", "outputs")


def describe(file: pathlib.Path) -> tuple[dict[str, Any], DelegateReport]:
    """Returns size, signatures, operators, delegates and metadata of a file, and its nodes.

    `operators` counts the nodes of all graphs of the file. `macs` are those of one run of its first
    signature, `step` where there is one; each signature has its own beside its tensors. The graphs
    that an `IF` or a `WHILE` calls are part of them, the body of a loop once.

    Raises:
        ImportError: the runtime is not installed.
        ValueError: it is no file that the runtime can read.
    """
    # Without XNNPACK, which may crash on a file that it misreads; the report below is careful.
    interpreter = open_interpreter(file, use_xnnpack=False)
    model = read_model(file)
    delegates = DelegateReport.of(file)
    signatures = {
        name: _signature(interpreter, name) | _costs(delegates, graph)
        for name, graph in signature_graphs(model).items()
    }
    first = next(iter(signatures.values()))
    content = {
        "file": str(file),
        "file_bytes": file.stat().st_size,
        "minimum_runtime": delegates.minimum_runtime,
        "signatures": {name: found for name, found in signatures.items() if name is not None},
        "operators": _operators(delegates),
        "macs": first["macs"],
        "tensor_bytes": first["tensor_bytes"],
        "delegates": dataclasses.asdict(delegates),
        "warning": delegates.warning(),
        "metadata": json.loads(model.metadata(METADATA_NAME) or b"{}"),
    }
    return content, delegates


def show(content: dict[str, Any], delegates: DelegateReport) -> RenderableType:
    """What `describe` found, for rich to print."""
    table = Table(title=f"{content['file']}: {content['file_bytes']:,} bytes")
    for heading in ("signature", "direction", "tensor", "type and shape"):
        table.add_column(heading)
    for signature, found in content["signatures"].items():
        for end in _ENDS:
            for name, kind in found[end].items():
                table.add_row(signature, end[:-1], name, kind)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(content["operators"].items()))
    runs = content["signatures"] or {"a run": content}
    return Group(
        table,
        f"operators of all graphs: {counts}",
        f"metadata: {', '.join(content['metadata']) or 'none'}",
        f"needs runtime {content['minimum_runtime'] or 'unknown'} or later",
        *(_run(name, found) for name, found in runs.items()),
        delegates.render(),
        *(f"node data: {file}" for file in content.get("node_data", ())),
    )


def _signature(interpreter: Any, name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    runner = interpreter.get_signature_runner(name)
    details = (runner.get_input_details(), runner.get_output_details())
    return {
        end: {key: _tensor(detail) for key, detail in tensors.items()}
        for end, tensors in zip(_ENDS, details, strict=True)
    }


def _costs(delegates: DelegateReport, graph: int) -> dict[str, Any]:
    found = delegates.graphs[graph]
    return {"macs": sum(node.macs for node in found.nodes), "tensor_bytes": found.tensor_bytes}


def _operators(delegates: DelegateReport) -> dict[str, int]:
    nodes = [node for graph in delegates.graphs for node in graph.nodes]
    return dict(collections.Counter(node.operator for node in nodes))


def _tensor(detail: dict) -> str:
    return f"{detail['dtype'].__name__} {tuple(int(size) for size in detail['shape'])}"


def _run(name: str, found: dict[str, Any]) -> str:
    memory = found["tensor_bytes"]
    held = "unknown" if memory is None else f"{memory:,}"
    return (
        f"{name}: {found['macs']:,} MACs a run; {held} bytes of tensors (without weights and "
        "XNNPACK's own memory)"
    )
