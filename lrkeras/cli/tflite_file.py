"""What `lrkeras inspect` says of a `.tflite` file, whoever wrote it."""

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
from lrkeras.export.inspection.ends import ends_of
from lrkeras.export.inspection.file_findings import FileFindings
from lrkeras.export.inspection.foreign_operators import foreign_operators
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.tflite.metadata_entry import METADATA_NAME
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.sparse_hazards import find_sparse_hazards

_ENDS = ("inputs", "outputs")
# Of what a runtime says of a file: it may tell of each tensor.
_LONGEST = 300


def describe(file: pathlib.Path) -> tuple[dict[str, Any], DelegateReport]:
    """Returns size, signatures, operators, delegates, findings and metadata of a file, its nodes.

    `operators` counts the nodes of all graphs of the file. `macs` are those of one run of its first
    signature, `step` where there is one; each signature has its own beside its tensors. The graphs
    that an `IF` or a `WHILE` calls are part of them, the body of a loop once. `inputs` and
    `outputs` are there for a file without signatures. `load_error` says why the runtime cannot load
    it, as one with Flex operators. The rest are the fields of
    `lrkeras.export.inspection.file_findings.FileFindings`.

    Raises:
        ImportError: the runtime is not installed.
        ValueError: it is no whole `.tflite` file.
    """
    model = read_model(file)
    load_error = _load_error(file, model)
    delegates = DelegateReport.of(file, must_load=load_error is None)
    graphs = signature_graphs(model)
    signatures = {
        name: dataclasses.asdict(ends_of(model.graphs[graph], name)) | _costs(delegates, graph)
        for name, graph in graphs.items()
    }
    first = next(iter(signatures.values()))
    findings = dataclasses.asdict(FileFindings.of(file, model, graphs, delegates, load_error))
    content = {
        "file": str(file),
        "file_bytes": file.stat().st_size,
        "minimum_runtime": delegates.minimum_runtime,
        "signatures": {name: found for name, found in signatures.items() if name is not None},
        **({end: first[end] for end in _ENDS} if None in signatures else {}),
        "operators": _operators(delegates),
        "macs": first["macs"],
        "tensor_bytes": first["tensor_bytes"],
        "delegates": dataclasses.asdict(delegates),
        "warning": delegates.warning(),
        **{name: found for name, found in findings.items() if name not in ("file", "delegates")},
        "who_takes_it": findings["delegates"],
        "metadata": json.loads(model.metadata(METADATA_NAME) or b"{}"),
    }
    return content, delegates


def show(content: dict[str, Any], delegates: DelegateReport) -> RenderableType:
    """What `describe` found, for rich to print."""
    table = Table(title=f"{content['file']}: {content['file_bytes']:,} bytes")
    for heading in ("signature", "direction", "tensor", "type and shape"):
        table.add_column(heading)
    for signature, found in (content["signatures"] or {"none": content}).items():
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
        *_lines(content),
        *(f"node data: {file}" for file in content.get("node_data", ())),
    )


def _load_error(file: pathlib.Path, model: ModelFile) -> str | None:
    """Why the runtime cannot load a file that is whole."""
    try:
        open_interpreter(file, use_xnnpack=False)
        # XNNPACK may crash on a file that it misreads.
        if not find_sparse_hazards(file):
            open_interpreter(file)
    except ValueError as error:
        foreign = [one.name for one in foreign_operators(model)]
        if foreign:
            return f"It has no kernels for {', '.join(foreign)}."
        reason = str(error).split(f"{str(file)!r}: ", maxsplit=1)[-1]
        if "not a valid Flatbuffer" in reason:
            raise
        return reason if len(reason) < _LONGEST else f"{reason[:_LONGEST]} ..."
    return None


def _costs(delegates: DelegateReport, graph: int) -> dict[str, Any]:
    found = delegates.graphs[graph]
    return {"macs": sum(node.macs for node in found.nodes), "tensor_bytes": found.tensor_bytes}


def _operators(delegates: DelegateReport) -> dict[str, int]:
    nodes = [node for graph in delegates.graphs for node in graph.nodes]
    return dict(collections.Counter(node.operator for node in nodes))


def _run(name: str, found: dict[str, Any]) -> str:
    memory = found["tensor_bytes"]
    held = "unknown" if memory is None else f"{memory:,}"
    return (
        f"{name}: {found['macs']:,} MACs a run; {held} bytes of tensors (without weights and "
        "XNNPACK's own memory)"
    )


def _lines(content: dict[str, Any]) -> list[str]:
    """The findings, a line each, the next command last."""
    shares = ", ".join(
        f"{share:.0%} {kind}" for kind, share in content["weights"]["shares"].items()
    )
    takes, advice = content["who_takes_it"], content["next"]
    return [
        f"weights: {content['weights']['kind']}{f' ({shares})' if shares else ''}",
        *(f"state: {_state(state)}" for state in content["states"]),
        *(f"{one['kind']} operator: {_foreign(one)}" for one in content["foreign_operators"]),
        f"GPU delegate (by its list of operators, not tried): {takes['gpu']}",
        f"CompiledModel (by what is known of it, not tried): {takes['compiled_model']}",
        *(
            [f"the runtime cannot load it: {content['load_error']}"]
            if content["load_error"]
            else []
        ),
        *(f"hazard: {line}" for line in content["hazards"] if line != content["warning"]),
        f"next: {advice['command']}",
        f"because: {advice['why']}",
    ]


def _state(state: dict[str, Any]) -> str:
    back = "" if state["output"] is None else f", fed by {state['output']}"
    return f"{state['name']}, {state['tensor']}, {state['kind']}{back}"


def _foreign(operator: dict[str, Any]) -> str:
    layers = ", ".join(operator["layers"]) or "a layer that the file does not name"
    return f"{operator['count']} {operator['name']} in {layers}: {operator['origin']}"
