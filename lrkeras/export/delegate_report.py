"""Which nodes of a .tflite file XNNPACK runs, and why it does not run the others."""

import dataclasses
import json
import os
from typing import Any

from lrkeras.export.delegated_nodes import delegated_nodes, interpreter_of, tensor_bytes
from lrkeras.export.graph_delegation import GraphDelegation
from lrkeras.export.model_file import ModelFile
from lrkeras.export.node_costs import node_bytes, node_macs
from lrkeras.export.node_report import NodeReport
from lrkeras.export.primary_subgraph import primary_part
from lrkeras.export.refused_node import refusal_reason
from lrkeras.export.runtime_version import minimum_runtime
from lrkeras.export.sparse_hazards import find_sparse_hazards, pad_sparse


@dataclasses.dataclass(frozen=True)
class DelegateReport:
    """Who runs the nodes of a file.

    Attributes:
        path: The file.
        graphs: A part for each graph.
        minimum_runtime: The oldest runtime, as the file says; None if it does not.
        hazards: Output tensors of nodes that XNNPACK computes wrongly
            (`lrkeras.export.find_sparse_hazards`).
    """

    path: str
    graphs: list[GraphDelegation]
    minimum_runtime: str | None
    hazards: list[str]

    @classmethod
    def of(cls, path: str | os.PathLike) -> "DelegateReport":
        """Loads a file with XNNPACK and looks at what became of its nodes.

        Args:
            path: Any .tflite file.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the runtime cannot load it.
        """
        with open(path, "rb") as stream:
            file = ModelFile(stream.read())
        hazards = find_sparse_hazards(path)
        return cls(
            path=os.fspath(path),
            graphs=[
                _graph(file, index, careful=bool(hazards))
                for index in range(len(file.model.subgraphs))
            ],
            minimum_runtime=minimum_runtime(file),
            hazards=hazards,
        )

    def to_json(self) -> str:
        """The report as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    def warning(self) -> str | None:
        """What is wrong with the file, or None."""
        if not self.hazards:
            return None
        return (
            f"WARNING: XNNPACK reads the block-sparse int8 filter of {len(self.hazards)} node(s) "
            "as though it were dense, and computes wrong numbers without an error, or crashes: "
            f"{', '.join(self.hazards)}. Run the file without XNNPACK, or convert the model with "
            "lrkeras.convert."
        )

    def render(self) -> Any:
        """The report as something `rich.print` shows."""
        from rich.console import Group
        from rich.table import Table

        table = Table(title="Nodes")
        for heading in ("node", "operator", "MACs", "bytes", "run by", "because"):
            table.add_column(heading, justify="right" if heading in ("MACs", "bytes") else "left")
        for graph in self.graphs:
            for node in graph.nodes:
                by = "runtime" if node.delegate is None else f"XNNPACK {node.partition}"
                place = f"{graph.graph}.{node.index}"
                numbers = (f"{node.macs:,}", f"{node.bytes:,}")
                table.add_row(place, node.operator, *numbers, by, node.reason or "")
        return Group(table, *self.notes())

    def notes(self) -> list[str]:
        """The summary of each graph, and the warning if there is one."""
        warning = self.warning()
        lines = [graph.summary() for graph in self.graphs]
        return [*lines, *([] if warning is None else [warning])]


def _graph(file: ModelFile, index: int, careful: bool) -> GraphDelegation:
    source = file.model.subgraphs[index]
    signatures = [s for s in file.model.signatureDefs or [] if s.subgraphIndex == index]
    alone = primary_part(file, index)
    part = ModelFile(alone)
    try:
        interpreter = interpreter_of(_loadable(alone) if careful else alone)
    except ValueError:
        if index == 0:
            raise
        # A body that reads what only its caller knows; its nodes are listed all the same.
        interpreter = None
    partitions = [] if interpreter is None else delegated_nodes(part, interpreter)
    return GraphDelegation(
        graph=index,
        name=(source.name or b"").decode() or f"subgraph_{index}",
        signatures=tuple(s.signatureKey.decode() for s in signatures),
        partitions=len(partitions),
        tensor_bytes=None if interpreter is None else tensor_bytes(part, interpreter),
        nodes=_nodes(part, partitions, known=interpreter is not None),
    )


def _loadable(data: bytes) -> bytes:
    """The file, made safe to load with XNNPACK."""
    file = ModelFile(data)
    pad_sparse(file)
    return file.to_bytes()


def _nodes(file: ModelFile, partitions: list[set[int]], known: bool) -> list[NodeReport]:
    places = {node: number for number, nodes in enumerate(partitions) for node in nodes}
    # Equal nodes are refused for equal reasons; asking takes a few milliseconds each.
    reasons: dict[tuple, str] = {}
    rows = []
    for index, op in enumerate(file.graph.operators or []):
        reason = None
        if index not in places:
            kind = _kind(file, op)
            if kind not in reasons:
                reasons[kind] = refusal_reason(file, op) if known else "not known"
            reason = reasons[kind]
        rows.append(
            NodeReport(
                index=index,
                operator=file.op_name(op),
                version=file.op_version(op),
                outputs=tuple(file.graph.tensors[int(t)].name.decode() for t in op.outputs),
                delegate="XNNPACK" if index in places else None,
                partition=places.get(index),
                reason=reason,
                macs=node_macs(file, op),
                bytes=node_bytes(file, op),
            )
        )
    return rows


def _kind(file: ModelFile, op: Any) -> tuple:
    """What decides about a node: equal for nodes that are equal but for their values."""
    described: list[tuple | None] = []
    for number in (*op.inputs, *op.outputs):
        if number < 0:
            described.append(None)
            continue
        tensor = file.graph.tensors[int(number)]
        shape = () if tensor.shape is None else tuple(tensor.shape)
        signature = () if tensor.shapeSignature is None else tuple(tensor.shapeSignature)
        constant = bool(tensor.buffer and file.model.buffers[tensor.buffer].data is not None)
        described.append((tensor.type, shape, signature, constant, tensor.sparsity is not None))
    options = vars(op.builtinOptions) if op.builtinOptions is not None else {}
    return (op.opcodeIndex, tuple(described), repr(sorted(options.items())))
