"""Nodes whose inputs are known while the model is built."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrkeras.importers.onnx.dim import Dim, quotient
from lrkeras.importers.onnx.node import Node
from lrkeras.importers.onnx.values import Constant
from lrkeras.system.optional_imports import require

_ELEMENTWISE = {"Add", "Sub", "Mul", "Div", "Neg", "Sqrt", "Exp", "Cast", "Relu", "Sigmoid", "Tanh"}


def fold(node: Node, values: list[Any], opset: int) -> list[Constant] | None:
    """Computes a node of constants, or returns None where the handler of its operator must.

    Args:
        node: The node.
        values: Its inputs, `Constant` or None.
        opset: The version of the operators.
    """
    if node.op in ("If", "ConstantOfShape", "Expand"):
        return None
    given = [value for value in values if value is not None]
    if all(value.is_plain for value in given):
        arrays = [None if value is None else value.array for value in values]
        return [Constant.of(array) for array in evaluate(node, arrays, opset)]
    if node.op in _SIZES and all(not any(isinstance(d, Dim) for d in v.dims) for v in given):
        arrays = [v and v.array for v in values]
        try:
            result = _SIZES[node.op](node, *arrays)
        except Exception as error:
            raise _misfit(node, arrays) from error
        return [Constant.of(_plain_if_known(result))]
    if node.op in ("Gemm", "MatMul") and _is_repeated_row(node, given):
        (result,) = evaluate(node, [v and v.array for v in values], opset)
        return [Constant(result, (given[0].dims[0], *result.shape[1:]))]
    if node.op in _ELEMENTWISE and all(v.array.dtype != object for v in given):
        results = evaluate(node, [v and v.array for v in values], opset)
        rank = max(len(v.dims) for v in given)
        dims: list[Any] = [1] * rank
        for value in given:
            for place, size in enumerate(value.dims, start=rank - len(value.dims)):
                dims[place] = size if size != 1 else dims[place]
        return [Constant(results[0], tuple(dims))]
    return None


def _is_repeated_row(node: Node, given: list[Any]) -> bool:
    """Whether a product is that of one row, such as a first state, for each sequence of a batch."""
    first, *rest = given
    open_axes = [axis for axis, size in enumerate(first.dims) if isinstance(size, Dim)]
    is_numbers = first.array.dtype != object and not node.attribute("transA", 0)
    return is_numbers and open_axes == [0] and all(v.is_plain and v.array.ndim < 3 for v in rest)


def evaluate(node: Node, arrays: list[Any], opset: int) -> list[np.ndarray]:
    """Runs one node with the reference implementation of ONNX.

    Raises:
        ValueError: Its inputs do not fit, for which the reference has many exceptions.
    """
    helper = require("onnx.helper", "onnx")
    reference = require("onnx.reference", "onnx")
    given = {n: a for n, a in zip(node.inputs, arrays, strict=True) if a is not None}
    infos = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for n, a in given.items()
    ]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.outputs if name]
    graph = helper.make_graph([node.proto], "node", infos, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    try:
        results = reference.ReferenceEvaluator(model).run(None, given)
    except Exception as error:
        raise _misfit(node, list(given.values())) from error
    return [np.asarray(result) for result in results]


def _misfit(node: Node, arrays: list[Any]) -> ValueError:
    shapes = ", ".join(str(np.shape(array)) for array in arrays if array is not None)
    return ValueError(
        f"Expected constants that {node.op} {node.name!r} can compute with, received some of the "
        f"shapes {shapes}: the file is damaged. Export it again."
    )


def _plain_if_known(array: Any) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype == object and not any(isinstance(item, Dim) for item in array.flat):
        return array.astype(np.int64)
    return array


def _axes(node: Node, second: Any) -> tuple[int, ...] | None:
    axes = node.attribute("axes") if second is None else second.tolist()
    return None if axes is None else tuple(axes)


def _slice(
    node: Node, x: Any, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None
) -> Any:
    starts = node.attribute("starts") if starts is None else starts.tolist()
    ends = node.attribute("ends") if ends is None else ends.tolist()
    step = 1 if steps is None else int(steps[0])
    return x[int(starts[0]) : min(max(int(ends[0]), -(2**31)), 2**31) : step]


def _unsqueeze(node: Node, x: Any, axes: Any = None) -> Any:
    return np.expand_dims(x, _axes(node, axes) or ())


def _divided(node: Node, a: Any, b: Any) -> Any:
    def one(x: Any, y: Any) -> Any:
        exact = quotient(x, y)
        return x // y if exact is None else exact

    return np.vectorize(one, otypes=[object])(a, b)


def _equal(node: Node, a: Any, b: Any) -> Any:
    # An open size is none of the special values (-1, 0) that exporters compare sizes with.
    return np.vectorize(lambda x, y: bool(x == y), otypes=[bool])(a, b)


_SIZES: dict[str, Any] = {
    "Gather": lambda node, x, i: np.take(x, i, axis=node.attribute("axis", 0)),
    "Concat": lambda node, *xs: np.concatenate(xs, axis=node.attribute("axis", 0)),
    "Slice": _slice,
    "Squeeze": lambda node, x, axes=None: np.squeeze(x, _axes(node, axes)),
    "Unsqueeze": _unsqueeze,
    "Identity": lambda node, x: x,
    "Cast": lambda node, x: x,
    "Add": lambda node, a, b: a + b,
    "Sub": lambda node, a, b: a - b,
    "Mul": lambda node, a, b: a * b,
    "Div": _divided,
    "Equal": _equal,
    "Where": lambda node, c, a, b: np.where(c.astype(bool), a, b),
    "Reshape": lambda node, x, shape: np.reshape(x, [int(s) for s in shape]),
    "ReduceProd": lambda node, x, axes=None: np.prod(
        x, keepdims=bool(node.attribute("keepdims", 1))
    ),
}
