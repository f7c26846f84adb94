"""One graph of a delegate report."""

import dataclasses
from collections import Counter

from lrkeras.export.node_report import NodeReport


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
