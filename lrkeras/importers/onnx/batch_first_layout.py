"""Recurrent operators with the batch first (layout=1), which onnxruntime does not run."""

from __future__ import annotations

from typing import Any

from lrkeras.system.optional_imports import require

# Inputs and outputs with a batch, and the order of axes that puts it in the place of layout 0.
_INPUTS: dict[int, tuple[int, ...]] = {0: (1, 0, 2), 5: (1, 0, 2), 6: (1, 0, 2)}
_OUTPUTS: dict[int, tuple[int, ...]] = {0: (2, 0, 1, 3), 1: (1, 0, 2), 2: (1, 0, 2)}


def without_batchwise_layout(proto: Any) -> Any:
    """The model with transposes around time-major operators in place of layout=1."""
    helper = require("onnx.helper", "onnx")
    nodes = []
    for node in proto.graph.node:
        layout = [a for a in node.attribute if a.name == "layout" and a.i == 1]
        if node.op_type not in ("LSTM", "GRU", "RNN") or not layout:
            nodes.append(node)
            continue
        node.attribute.remove(layout[0])
        for place, order in _INPUTS.items():
            if place < len(node.input) and node.input[place]:
                name = f"{node.output[0] or node.output[1]}_time_major_{place}"
                nodes.append(helper.make_node("Transpose", [node.input[place]], [name], perm=order))
                node.input[place] = name
        nodes.append(node)
        for place, order in _OUTPUTS.items():
            if place < len(node.output) and node.output[place]:
                name = f"{node.output[place]}_time_major"
                nodes.append(
                    helper.make_node("Transpose", [name], [node.output[place]], perm=order)
                )
                node.output[place] = name
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    return proto
