"""Pooling along time or space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.dim import Dim, Size
from lrkeras.importers.onnx.operators.padding import pads_of
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
    if any(d != 1 for d in node.attribute("dilations") or []) or len(node.outputs) > 1:
        raise ValueError("it has dilations or indices, which the Keras layers have not.")
    strides = node.attribute("strides") or [1] * rank
    is_mean = node.op == "AveragePool"
    counts_pads = bool(is_mean and node.attribute("count_include_pad", 0))
    # Keras leaves the zeros of padding="same" out of the mean.
    is_same = node.attribute("auto_pad", "NOTSET") == "SAME_UPPER" and not counts_pads
    padding = "same" if is_same else "valid"
    widths = [(0, 0)] * rank if is_same else pads_of(node, x, [n - 1 for n in size], strides)
    padded = widths
    if node.attribute("ceil_mode", 0) and not is_same:
        sizes = zip(x.dims[2:], size, strides, widths, strict=True)
        padded = [(pads[0], pads[1] + _missing(n, k, by, pads)) for n, k, by, pads in sizes]
    y = arranged(x, [x.axes[0], *x.axes[2:], x.axes[1]])
    if any(map(any, padded)):
        fill = 0.0 if is_mean else float("-inf")
        y = ops.pad(y, [(0, 0), *padded, (0, 0)], constant_values=fill)
    layer = _LAYERS[node.op, rank](size, strides=strides, padding=padding, name=builder.name(node))
    y = layer(y)
    counted = widths if counts_pads else [(0, 0)] * rank
    if is_mean and padded != counted:
        y = ops.multiply(y, _shares(x.dims[2:], size, strides, padded, counted))
    widths = padded
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


def _missing(size: Size, kernel: int, stride: int, pads: tuple[int, int]) -> int:
    """How many entries the last window lacks, if one begins before the end (ceil_mode=1)."""
    if isinstance(size, Dim):
        raise ValueError(
            "it has ceil_mode=1 along an axis of open size. Export the model with a fixed size "
            "there, or with ceil_mode=0."
        )
    padded = size + sum(pads)
    count = -(-(padded - kernel) // stride) + 1
    if (count - 1) * stride >= size + pads[0]:
        count -= 1
    return max((count - 1) * stride + kernel - padded, 0)


def _shares(
    sizes: Sequence[Size], kernel: Any, strides: Any, padded: Any, counted: Any
) -> np.ndarray:
    """Entries of a window over those that count, for means that leave padding out."""
    result = np.ones([1] * (len(kernel) + 1), np.float32)
    for axis, (size, k, by, pads, known) in enumerate(
        zip(sizes, kernel, strides, padded, counted, strict=True)
    ):
        if pads == known:
            continue
        if isinstance(size, Dim):
            raise ValueError(
                "it leaves its padding out of the mean (count_include_pad=0) along an axis of open "
                "size. Export the model with a fixed size there, or with count_include_pad=1."
            )
        row = np.zeros(size + sum(pads))
        row[pads[0] - known[0] : pads[0] + size + known[1]] = 1
        starts = range(0, len(row) - k + 1, by)
        share = np.array([k / row[start : start + k].sum() for start in starts], np.float32)
        result = result * share.reshape(-1, *[1] * (len(kernel) - axis))
    return result
