"""Constants, and choices that are settled while the model is built."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrkeras.importers.onnx.dim import Dim
from lrkeras.importers.onnx.node_error import NodeError
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Constant, Value
from lrkeras.system.optional_imports import require


@operator(Constant="a constant", Range="a constant, where its limits are", EyeLike="a constant")
def constant(builder: Any, node: Any) -> Constant:
    """Numbers in the file: computed before this is asked."""
    raise NodeError(node, "its limits are computed, where constants are expected.")


@operator(ConstantOfShape="a constant, such as initial states of zeros")
def constant_of_shape(builder: Any, node: Any) -> Constant:
    """One number everywhere."""
    dims = [d if isinstance(d, Dim) else int(d) for d in builder.constant(node, 0)]
    value = node.attribute("value")
    number = np.zeros(1, np.float32)
    if value is not None:
        number = require("onnx.numpy_helper", "onnx").to_array(value)
    sizes = [1 if isinstance(d, Dim) else d for d in dims]
    return Constant(np.full(sizes, number.item(), number.dtype), tuple(dims))


@operator(If="the branch that is taken, where the condition is constant")
def branch(builder: Any, node: Any) -> list[Value]:
    """The values of a branch."""
    condition = builder.raw(node, 0)
    if not isinstance(condition, Constant):
        raise NodeError(
            node,
            "which branch is taken depends on the values of the inputs.",
            "Export the model without conditions on data.",
        )
    graph = node.attributes["then_branch" if bool(condition.array) else "else_branch"]
    return builder.inline(graph)
