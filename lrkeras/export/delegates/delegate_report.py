"""Which nodes of a .tflite file XNNPACK runs, and why it does not run the others."""

import dataclasses
import json
import os
from collections import Counter
from typing import Any

from lrkeras.export.delegates.delegated_nodes import delegated_nodes, interpreter_of, tensor_bytes
from lrkeras.export.delegates.refusal_reason import refusal_reason
from lrkeras.export.tflite.extract_subgraph import extract_subgraph
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.node_costs import node_bytes, node_macs
from lrkeras.export.tflite.runtime_version import minimum_runtime
from lrkeras.export.tflite.sparse_hazards import find_sparse_hazards, pad_sparse


@dataclasses.dataclass(frozen=True)
class NodeReport:
    """What one node of a graph is, and who runs it.

    Attributes:
        index: Its number in the graph.
        operator: Its operator, such as `"FULLY_CONNECTED"`.
        version: Version of the operator.
        outputs: Names of the tensors that it writes.
        delegate: `"XNNPACK"`, or None where the runtime's built-in kernel runs it.
        partition: Number of the XNNPACK partition that it is in, from 0; None outside of one.
        reason: Why XNNPACK does not run it; None where it does.
        macs: Multiply-accumulates of one run.
        bytes: Bytes of the constants it reads, with the indices of sparse ones.
    """

    index: int
    operator: str
    version: int
    outputs: tuple[str, ...]
    delegate: str | None
    partition: int | None
    reason: str | None
    macs: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class GraphDelegation:
    """Who runs the nodes of one graph of a file.

    Attributes:
        graph: Number of the graph in the file.
        name: Its name in the file; Model Explorer shows it under this name.
        signatures: Names of the signatures that run it; empty for the body of a loop, and for a
            file without signatures.
        partitions: Number of pieces that XNNPACK runs.
        tensor_bytes: Memory of its tensors in the runtime's arenas, memory used by one after
            another counted once; None if the graph cannot be run by itself. Without constants,
            and without what XNNPACK allocates inside (packed weights and workspace).
        nodes: A row for each node.
    """

    graph: int
    name: str
    signatures: tuple[str, ...]
    partitions: int
    tensor_bytes: int | None
    nodes: list[NodeReport]

    def summary(self) -> str:
        """One line: how many nodes XNNPACK runs, and which it does not, with the reasons."""
        taken = sum(node.delegate is not None for node in self.nodes)
        label = ", ".join(f"`{name}`" for name in self.signatures) or f"graph {self.graph}"
        line = (
            f"{label}: XNNPACK runs {taken} of {len(self.nodes)} nodes in {self.partitions} "
            f"partition{'' if self.partitions == 1 else 's'}"
        )
        left = Counter(f"{n.operator} ({n.reason})" for n in self.nodes if n.delegate is None)
        rest = "; ".join(f"{count} {what}" for what, count in left.items())
        return f"{line}; the runtime runs {rest}" if rest else line


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
    def of(cls, path: str | os.PathLike, *, must_load: bool = True) -> "DelegateReport":
        """Loads a file with XNNPACK and looks at what became of its nodes.

        Args:
            path: Any .tflite file.
            must_load: Whether a file that the runtime cannot load, such as one with Flex operators,
                is an error. If not, `reason` of its nodes says which XNNPACK would take.

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
                _delegation(file, index, careful=bool(hazards), must_load=must_load)
                for index in range(len(file.graphs))
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


def _delegation(file: ModelFile, index: int, careful: bool, must_load: bool) -> GraphDelegation:
    source = file.graphs[index]
    alone = extract_subgraph(file, index)
    graph = ModelFile(alone).graphs[0]
    try:
        interpreter = interpreter_of(_loadable(alone) if careful else alone)
    except ValueError:
        if index == 0 and must_load:
            raise
        # A body that reads what only its caller knows; its nodes are listed all the same.
        interpreter = None
    partitions = [] if interpreter is None else delegated_nodes(graph, interpreter)
    return GraphDelegation(
        graph=index,
        name=source.name or f"subgraph_{index}",
        signatures=tuple(s.signatureKey.decode() for s in source.signatures()),
        partitions=len(partitions),
        tensor_bytes=None if interpreter is None else tensor_bytes(graph, interpreter),
        nodes=_nodes(graph, partitions, loaded=interpreter is not None),
    )


def _loadable(data: bytes) -> bytes:
    """The file, made safe to load with XNNPACK."""
    file = ModelFile(data)
    pad_sparse(file)
    return file.to_bytes()


def _nodes(graph: Graph, partitions: list[set[int]], loaded: bool) -> list[NodeReport]:
    places = {node: number for number, nodes in enumerate(partitions) for node in nodes}
    # Equal nodes are refused for equal reasons; asking takes a few milliseconds each.
    reasons: dict[tuple, str] = {}
    rows = []
    for index, op in enumerate(graph.operators):
        reason = None
        if index not in places:
            kind = _kind(graph, op)
            if kind not in reasons:
                reasons[kind] = refusal_reason(graph, op, loaded=loaded)
            reason = reasons[kind]
        rows.append(
            NodeReport(
                index=index,
                operator=graph.op_name(op),
                version=graph.file.op_version(op),
                outputs=tuple(graph.tensor_name(t) for t in op.outputs),
                delegate="XNNPACK" if index in places else None,
                partition=places.get(index),
                reason=reason,
                macs=node_macs(graph, op),
                bytes=node_bytes(graph, op),
            )
        )
    return rows


def _kind(graph: Graph, op: Any) -> tuple:
    """What decides about a node: equal for nodes that are equal but for their values."""
    described: list[tuple | None] = []
    for number in (*op.inputs, *op.outputs):
        if number < 0:
            described.append(None)
            continue
        tensor, shape = graph.tensors[int(number)], graph.shape(number)
        signature = () if tensor.shapeSignature is None else tuple(tensor.shapeSignature)
        constant = graph.data(number) is not None
        described.append((tensor.type, shape, signature, constant, tensor.sparsity is not None))
    options = vars(op.builtinOptions) if op.builtinOptions is not None else {}
    return (op.opcodeIndex, tuple(described), repr(sorted(options.items())))
