"""Arithmetic, comparisons and choices, entry by entry."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.broadcasting import aligned
from lrkeras.importers.onnx.dim import Dim
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Constant, Tensor

_MERGES = {"Add": layers.Add, "Sub": layers.Subtract, "Mul": layers.Multiply}
_TWO: dict[str, Callable] = {
    "Add": ops.add,
    "Sub": ops.subtract,
    "Mul": ops.multiply,
    "Div": ops.divide,
    "Pow": ops.power,
    "Equal": ops.equal,
    "Greater": ops.greater,
    "GreaterOrEqual": ops.greater_equal,
    "Less": ops.less,
    "LessOrEqual": ops.less_equal,
    "And": ops.logical_and,
    "Or": ops.logical_or,
    "Xor": ops.logical_xor,
}
_MANY: dict[str, Callable] = {"Max": ops.maximum, "Min": ops.minimum, "Sum": ops.add}


@operator(
    Add="keras.layers.Add or keras.ops.add, or the bias of the Dense layer before it",
    Sub="keras.layers.Subtract or keras.ops.subtract",
    Mul="keras.layers.Multiply or keras.ops.multiply",
    Div="keras.ops.divide",
    Pow="keras.ops.power",
    Equal="keras.ops.equal",
    Greater="keras.ops.greater",
    GreaterOrEqual="keras.ops.greater_equal",
    Less="keras.ops.less",
    LessOrEqual="keras.ops.less_equal",
    And="keras.ops.logical_and",
    Or="keras.ops.logical_or",
    Xor="keras.ops.logical_xor",
)
def binary(builder: Any, node: Any) -> Tensor | Constant:
    """Two operands."""
    values = [builder.value(node, place) for place in (0, 1)]
    folded = _of_sizes(values)
    if folded is not None:
        return folded
    (a, b), like = aligned(values, builder.batch)
    both = all(isinstance(value, Tensor) for value in values)
    if node.op in _MERGES and both and a.shape == b.shape and "float" in a.dtype:
        return _result(_MERGES[node.op](name=builder.name(node))([a, b]), like)
    if node.op == "Div" and not any("float" in str(getattr(x, "dtype", "")) for x in (a, b)):
        raise ValueError("it divides integers. Divide floats, and cast the result.")
    if node.op == "Pow" and isinstance(b, (int, float)):
        special = {2: ops.square, 0.5: ops.sqrt, 1: lambda x: x}.get(b)
        if special is not None:
            return _result(special(a), like)
    return _result(_TWO[node.op](a, b), like)


@operator(
    Max="keras.ops.maximum",
    Min="keras.ops.minimum",
    Sum="keras.ops.add",
    Mean="keras.ops.add and a factor",
)
def many(builder: Any, node: Any) -> Tensor:
    """Any number of operands."""
    values = [builder.value(node, place) for place in range(len(node.inputs))]
    operands, like = aligned(values, builder.batch)
    total = functools.reduce(_MANY.get(node.op, ops.add), operands)
    return _result(total / len(operands) if node.op == "Mean" else total, like)


@operator(Where="keras.ops.where")
def where(builder: Any, node: Any) -> Tensor:
    """A choice for each entry."""
    operands, like = aligned([builder.value(node, i) for i in range(3)], builder.batch)
    return _result(ops.where(*operands), like)


@operator(Clip="keras.layers.ReLU or keras.ops.clip")
def clip(builder: Any, node: Any) -> Tensor:
    """Limits."""
    x = builder.tensor(node, 0)
    low = builder.constant(node, 1, node.attribute("min"))
    high = builder.constant(node, 2, node.attribute("max"))
    low = None if low is None else np.asarray(low).item()
    high = None if high is None else np.asarray(high).item()
    if low == 0 and (high is None or high > 0):
        layer = layers.ReLU(max_value=high, name=builder.name(node))
        return Tensor(layer(x.read()), x.layout, x.axes)
    result = x.read()
    if low is not None:
        result = ops.maximum(result, low)
    if high is not None:
        result = ops.minimum(result, high)
    return Tensor(result, x.layout, x.axes)


def _of_sizes(values: list[Any]) -> Constant | None:
    """Arithmetic on constants of open shape, which the handlers of shapes use."""
    if not all(isinstance(value, Constant) for value in values):
        return None
    open_ones = [v for v in values if any(isinstance(d, Dim) for d in v.dims)]
    raise ValueError(f"it computes with sizes that the file leaves open ({len(open_ones)} of two).")


def _result(tensor: Any, like: Tensor) -> Tensor:
    return Tensor(tensor, like.layout, like.axes)
