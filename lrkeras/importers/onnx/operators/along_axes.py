"""Entries along an axis whose numbers are computed, and running sums."""

from __future__ import annotations

from typing import Any

from keras import ops

from lrkeras.importers.onnx.broadcasting import refined
from lrkeras.importers.onnx.node_error import RefusedNodeError
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Group, Tensor, along, arranged, renamed


@operator(GatherElements="keras.ops.take_along_axis")
def gather_elements(builder: Any, node: Any) -> Tensor:
    """For each entry of the result, the number of an entry along an axis."""
    x, index = builder.tensor(node, 0), builder.tensor(node, 1)
    axis = node.attribute("axis", 0) % len(x.axes)
    builder.note_rows(node.inputs[1], x.dims[axis])
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


@operator(GatherND="keras.ops.take_along_axis, for one step of each sequence")
def gather_steps(builder: Any, node: Any) -> Tensor:
    """For each sequence, its entry at the step of a number."""
    x, index = builder.tensor(node, 0), builder.tensor(node, 1)
    if node.attribute("batch_dims", 0) != 1 or len(index.dims) != 2 or index.dims[1] != 1:
        raise RefusedNodeError(
            node,
            f"it takes entries of the shape {x.dims} by numbers of the shape {index.dims}, where "
            "one number of a step for each sequence is expected.",
            "Write it with torch.gather, or with a number for each sequence.",
        )
    builder.note_rows(node.inputs[1], x.dims[1])
    x, index = refined(x, index, 0)
    y, layout, place = along(x, 1, builder)
    batch = x.axes[0]
    if not batch or layout[0] != batch:
        raise ValueError("its sequences are not along the first axis of what it takes.")
    numbers = arranged(index.seen_as([index.axes[0]]), [index.axes[0]])
    for _ in layout[1:]:
        numbers = ops.expand_dims(numbers, -1)
    entries = ops.squeeze(ops.take_along_axis(y, numbers, axis=place), axis=place)
    return Tensor(entries, [g for i, g in enumerate(layout) if i != place], [batch, *x.axes[2:]])


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
