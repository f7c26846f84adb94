"""Entries along an axis whose numbers are computed, and running sums."""

from __future__ import annotations

from typing import Any

from keras import ops

from lrkeras.importers.onnx.broadcasting import refined
from lrkeras.importers.onnx.dim import Dim
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Group, Tensor, along, arranged, renamed


@operator(GatherElements="keras.ops.take_along_axis")
def gather_elements(builder: Any, node: Any) -> Tensor:
    """For each entry of the result, the number of an entry along an axis."""
    x, index = builder.tensor(node, 0), builder.tensor(node, 1)
    axis = node.attribute("axis", 0) % len(x.axes)
    size = x.dims[axis]
    if not isinstance(size, Dim):
        builder.note_rows(node.inputs[1], size)
    for place in (p for p in range(len(x.axes)) if p != axis):
        if x.dims[place] != index.dims[place]:
            raise ValueError(f"its inputs have the shapes {x.dims} and {index.dims}.")
        x, index = refined(x, index, place)
    own = index.axes[axis]
    axes: list[Group] = [own if i == axis else group for i, group in enumerate(x.axes)]
    y, layout, place = along(x, axis, builder)
    result = [own if i == place else group for i, group in enumerate(layout)]
    numbers = arranged(renamed(index, axes), result)
    return Tensor(ops.take_along_axis(y, numbers, axis=place), result, axes)


@operator(CumSum="keras.ops.cumsum")
def running_sum(builder: Any, node: Any) -> Tensor:
    """Sums of what stands before and at an entry."""
    x = builder.tensor(node, 0)
    axis = int(builder.constant(node, 1).item()) % len(x.axes)
    y, layout, place = along(x, axis, builder)
    back = bool(node.attribute("reverse", 0))
    result = ops.cumsum(ops.flip(y, axis=place) if back else y, axis=place)
    result = ops.flip(result, axis=place) if back else result
    if node.attribute("exclusive", 0):
        result = ops.subtract(result, y)
    return Tensor(result, layout, x.axes)
