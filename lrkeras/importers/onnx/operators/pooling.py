"""Pooling along time or space."""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from lrkeras.importers.onnx.dim import Dim, Size
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Atom, Tensor, arranged

_LAYERS = {
    ("MaxPool", 1): layers.MaxPooling1D,
    ("MaxPool", 2): layers.MaxPooling2D,
    ("AveragePool", 1): layers.AveragePooling1D,
    ("AveragePool", 2): layers.AveragePooling2D,
}


@operator(
    MaxPool="keras.layers.MaxPooling1D or MaxPooling2D",
    AveragePool="keras.layers.AveragePooling1D or AveragePooling2D",
)
def pool(builder: Any, node: Any) -> Tensor:
    """Largest entry or mean of each window."""
    x = builder.tensor(node, 0)
    size = node.attribute("kernel_shape")
    rank = len(size)
    if (node.op, rank) not in _LAYERS or len(x.axes) != rank + 2:
        raise ValueError(f"it pools along {rank} axes, where one or two are expected.")
    if node.attribute("ceil_mode", 0):
        raise ValueError("it has ceil_mode=1. Pad its input, and export it with ceil_mode=0.")
    if any(d != 1 for d in node.attribute("dilations") or []) or len(node.outputs) > 1:
        raise ValueError("it has dilations or indices, which the Keras layers have not.")
    strides = node.attribute("strides") or [1] * rank
    pads = node.attribute("pads") or [0] * (2 * rank)
    mode = node.attribute("auto_pad", "NOTSET")
    if mode == "SAME_LOWER":
        raise ValueError("it has auto_pad=SAME_LOWER. Export it with pads.")
    padding = "same" if mode == "SAME_UPPER" else "valid"
    layout = [x.axes[0], *x.axes[2:], x.axes[1]]
    y = arranged(x, layout)
    widths = list(zip(pads[:rank], pads[rank:], strict=True))
    if any(map(any, widths)):
        if node.op == "AveragePool" and not node.attribute("count_include_pad", 0):
            raise ValueError(
                "it leaves its padding out of the mean (count_include_pad=0). Export it without "
                "pads, or with count_include_pad=1."
            )
        fill = float("-inf") if node.op == "MaxPool" else 0.0
        y = ops.pad(y, [(0, 0), *widths, (0, 0)], constant_values=fill)
    layer = _LAYERS[node.op, rank](size, strides=strides, padding=padding, name=builder.name(node))
    y = layer(y)
    spatial = [
        () if n == 1 else (Atom(n),)
        for n in (
            pooled_size(x.dims[2 + i], y.shape[1 + i], size[i], strides[i], widths[i], padding)
            for i in range(rank)
        )
    ]
    return Tensor(y, [x.axes[0], *spatial, x.axes[1]], [x.axes[0], x.axes[1], *spatial])


def pooled_size(
    size: Size, known: int | None, kernel: int, stride: int, pads: tuple[int, int], padding: str
) -> Size:
    """Number of windows along an axis."""
    if known is not None:
        return known
    assert isinstance(size, Dim)
    if padding in ("same", "causal"):
        return size if stride == 1 else (size + (stride - 1)) // stride
    span = size + (sum(pads) - kernel)
    return span + 1 if stride == 1 else span // stride + 1
