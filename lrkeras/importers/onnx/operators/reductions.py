"""Sums, means and extremes along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers, ops

from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Tensor, along, arranged, flat, own_layout

_REDUCTIONS: dict[str, Callable] = {
    "ReduceMean": ops.mean,
    "ReduceSum": ops.sum,
    "ReduceMax": ops.max,
    "ReduceMin": ops.min,
    "ReduceProd": ops.prod,
    "ReduceL2": lambda x, axis: ops.sqrt(ops.sum(ops.square(x), axis=axis)),
    "ReduceL1": lambda x, axis: ops.sum(ops.abs(x), axis=axis),
    "ReduceSumSquare": lambda x, axis: ops.sum(ops.square(x), axis=axis),
    "ReduceLogSumExp": ops.logsumexp,
}
_OVER_TIME = {"ReduceMean": layers.GlobalAveragePooling1D, "ReduceMax": layers.GlobalMaxPooling1D}


@operator(
    ReduceMean="keras.ops.mean, or keras.layers.GlobalAveragePooling1D over time",
    ReduceSum="keras.ops.sum",
    ReduceMax="keras.ops.max, or keras.layers.GlobalMaxPooling1D over time",
    ReduceMin="keras.ops.min",
    ReduceProd="keras.ops.prod",
    ReduceL1="keras.ops.sum of keras.ops.abs",
    ReduceL2="keras.ops.sqrt of a sum of squares",
    ReduceSumSquare="keras.ops.sum of squares",
    ReduceLogSumExp="keras.ops.logsumexp",
    GlobalAveragePool="keras.layers.GlobalAveragePooling1D or keras.ops.mean",
    GlobalMaxPool="keras.layers.GlobalMaxPooling1D or keras.ops.max",
)
def reduction(builder: Any, node: Any) -> Tensor:
    """One value for all along some axes."""
    x = builder.tensor(node, 0)
    rank = len(x.axes)
    if node.op.startswith("Global"):
        op, axes, keep = (
            "ReduceMean" if "Average" in node.op else "ReduceMax",
            list(range(2, rank)),
            True,
        )
    else:
        op, keep = node.op, bool(node.attribute("keepdims", 1))
        given = builder.constant(node, 1) if node.has(1) else node.attribute("axes")
        axes = list(range(rank)) if given is None else [int(axis) % rank for axis in given]
        if given is None and node.attribute("noop_with_empty_axes", 0):
            return x
    gone = {id(atom) for axis in axes for atom in x.axes[axis]}
    layout = list(x.layout)
    if any(0 < sum(id(a) in gone for a in group) < len(group) for group in layout):
        layout = own_layout(x, builder.batch)
    places = [i for i, group in enumerate(layout) if group and id(group[0]) in gone]
    y = arranged(x, layout)
    left = [group for i, group in enumerate(layout) if i not in places]
    new = [() if i in axes else g for i, g in enumerate(x.axes) if keep or i not in axes]
    if not places:
        return x.seen_as(new)
    if op in _OVER_TIME and len(layout) == 3 and places == [1] and len(flat(layout)) >= 3:
        return Tensor(_OVER_TIME[op](name=builder.name(node))(y), left, new)
    return Tensor(
        _REDUCTIONS[op](y, axis=tuple(places) if len(places) > 1 else places[0]), left, new
    )


@operator(ArgMax="keras.ops.argmax", ArgMin="keras.ops.argmin")
def arg(builder: Any, node: Any) -> Tensor:
    """Where the largest or smallest entry along an axis is."""
    x = builder.tensor(node, 0)
    axis = node.attribute("axis", 0) % len(x.axes)
    y, layout, place = along(x, axis, builder)
    found = (ops.argmax if node.op == "ArgMax" else ops.argmin)(y, axis=place)
    keep = node.attribute("keepdims", 1)
    axes = [() if i == axis else g for i, g in enumerate(x.axes) if keep or i != axis]
    return Tensor(found, [g for i, g in enumerate(layout) if i != place], axes)
