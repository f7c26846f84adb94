"""What is said of a node that cannot be imported."""

from __future__ import annotations

from typing import Any

ADVICE = (
    "Export the part of the network without it, or run the file with onnxruntime: lrkeras.importers"
    ".onnx.SUPPORTED lists what can be imported."
)


def refusal(node: Any, reason: str, advice: str = ADVICE) -> ValueError:
    """The error for a node of the file: one line with its operator and its name."""
    name = node.name or ", ".join(node.outputs)
    return ValueError(
        f"The operator {node.op} (node {name!r}) cannot be imported: {reason} {advice}"
    )
