"""Steps that are chosen for each sequence of a batch, whose numbers a file counts up."""

from __future__ import annotations

from typing import Any

from lrkeras.system.optional_imports import require

# What may stand between numbers that are counted up and where they are used.
_SHAPING = ("Unsqueeze", "Reshape", "Expand", "Cast", "Identity")


def without_numbered_sequences(proto: Any) -> Any:
    """The model with `batch_dims=1` where GatherND takes the numbers 0, 1, ... of all sequences.

    That is how PyTorch exports `y[torch.arange(len(y)), steps]`. Whether the numbers are those of
    all sequences is not looked at here: a model is compared with its file.
    """
    chosen = _chosen_steps(proto.graph)
    if not chosen:
        return proto
    helper = require("onnx.helper", "onnx")
    changed = type(proto)()
    changed.CopyFrom(proto)
    for node in changed.graph.node:
        if node.output and node.output[0] in chosen:
            node.input[1] = chosen[node.output[0]]
            del node.attribute[:]
            node.attribute.append(helper.make_attribute("batch_dims", 1))
    return changed


def _chosen_steps(graph: Any) -> dict[str, str]:
    """The numbers of the steps, by what GatherND gives of them and of counted numbers."""
    producers = {output: node for node in graph.node for output in node.output}
    stored = {tensor.name: tensor for tensor in graph.initializer}
    constants = [node for node in graph.node if node.op_type == "Constant"]
    stored |= {n.output[0]: a.t for n in constants for a in n.attribute if a.name == "value"}
    found = {}
    for node in graph.node:
        if node.op_type != "GatherND" or any(
            a.name == "batch_dims" and a.i for a in node.attribute
        ):
            continue
        pairs = producers.get(node.input[1])
        if pairs is None or pairs.op_type != "Concat" or len(pairs.input) != 2:
            continue
        if _counts_up(pairs.input[0], producers, stored):
            found[node.output[0]] = pairs.input[1]
    return found


def _counts_up(name: str, producers: dict[str, Any], stored: dict[str, Any]) -> bool:
    node = producers.get(name)
    while node is not None and node.op_type in _SHAPING:
        name = node.input[0]
        node = producers.get(name)
    if name in stored:
        numbers = require("onnx.numpy_helper", "onnx").to_array(stored[name])
        return list(numbers.flat) == list(range(numbers.size))
    return node is not None and bool(node.op_type == "Range")
