"""A node of an ONNX graph, with what operators ask of it."""

from __future__ import annotations

import re
from typing import Any

from lrkeras.system.optional_imports import require


class Node:
    """One operator of the graph.

    Args:
        proto: The `onnx.NodeProto`.

    Attributes:
        op: The operator's name.
        name: The node's name; may be empty.
        inputs: Names of its inputs, empty where an optional one is absent.
        outputs: Names of its outputs.
    """

    def __init__(self, proto: Any):
        helper = require("onnx.helper", "onnx")
        self.proto = proto
        self.op, self.name = proto.op_type, proto.name
        self.inputs, self.outputs = list(proto.input), list(proto.output)
        self.attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}

    def attribute(self, name: str, default: Any = None) -> Any:
        """The value of an attribute, text as text."""
        value = self.attributes.get(name, default)
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, list):
            return [item.decode() if isinstance(item, bytes) else item for item in value]
        return value

    def has(self, place: int) -> bool:
        """Whether the input at a place is given."""
        return place < len(self.inputs) and bool(self.inputs[place])

    def layer_name(self) -> str | None:
        """What the module or layer was called before it was exported, or None."""
        for name in self.inputs[1:]:
            owner, _, last = name.rpartition(".")
            if owner and last.split("_")[0] in ("weight", "bias", "running"):
                return _plain(owner)
        for entry in self.proto.metadata_props:
            if entry.key == "pkg.torch.onnx.name_scopes":
                scopes = re.findall(r"'([^']*)'", entry.value)
                modules = [scope for scope in scopes[:-1] if scope]
                if modules:
                    return _plain(modules[-1])
        parts = [part for part in self.name.split("/") if part]
        if len(parts) > 1 and self.name.startswith("/"):
            return _plain("_".join(parts[:-1]))
        return _plain(self.name) or None


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_")
