"""What is raised of a node that cannot be imported."""

from __future__ import annotations

from typing import Any

ADVICE = (
    "Export the part of the network without it, or run the file with onnxruntime: lrkeras.importers"
    ".onnx.SUPPORTED lists what can be imported."
)


class NodeError(ValueError):
    """A node of the file cannot be imported; the message is one line with its operator and name."""

    def __init__(self, node: Any, reason: str, advice: str = ADVICE) -> None:
        name = node.name or ", ".join(node.outputs)
        super().__init__(
            f"The operator {node.op} (node {name!r}) cannot be imported: {reason} {advice}"
        )


class RefusedNodeError(NodeError):
    """It cannot be imported whatever the sizes of the inputs are."""
