"""Convolutions along time or space."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.dim import Dim
from lrkeras.importers.onnx.operators.padding import pads_of
from lrkeras.importers.onnx.operators.pooling import pooled_size
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Atom, Group, Tensor, arranged

_CONVS = {1: layers.Conv1D, 2: layers.Conv2D}
_DEPTHWISE = {1: layers.DepthwiseConv1D, 2: layers.DepthwiseConv2D}
_PADDING = {1: layers.ZeroPadding1D, 2: layers.ZeroPadding2D}


@operator(Conv="keras.layers.Conv1D or Conv2D, or their Depthwise form for a group per channel")
def conv(builder: Any, node: Any) -> Tensor:
    """A convolution, with the padding of the file."""
    x, extra = builder.pads.get(node.inputs[0], (None, None))
    x = builder.tensor(node, 0) if x is None else x
    kernel, bias = builder.constant(node, 1), builder.constant(node, 2)
    rank = kernel.ndim - 2
    if rank not in _CONVS or len(x.axes) != rank + 2:
        raise ValueError(f"it runs along {rank} axes, where one or two are expected.")
    strides = node.attribute("strides") or [1] * rank
    dilations = node.attribute("dilations") or [1] * rank
    groups = node.attribute("group", 1)
    size = list(kernel.shape[2:])
    spans = [d * (k - 1) for d, k in zip(dilations, size, strict=True)]
    widths = pads_of(node, x, spans, strides)
    if extra is not None:
        widths = [(a + c, b + d) for (a, b), (c, d) in zip(widths, extra, strict=True)]
    padding = _padding(widths, spans, strides, rank)
    layout = [x.axes[0], *x.axes[2:], x.axes[1]]
    y = arranged(x, layout)
    if padding == "valid" and any(map(any, widths)):
        y = _PADDING[rank](widths[0] if rank == 1 else tuple(widths))(y)
    options = {
        "kernel_size": size,
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilations,
        "use_bias": bias is not None,
        "name": builder.name(node),
    }
    filters, per_group = kernel.shape[:2]
    weight = np.moveaxis(kernel, (0, 1), (-1, -2))
    depthwise = groups > 1 and per_group == 1 and filters % groups == 0 and padding != "causal"
    if depthwise and len(set(strides)) == 1:
        layer = _DEPTHWISE[rank](depth_multiplier=filters // groups, **options)
        weight = weight.reshape(*size, groups, filters // groups)
    else:
        layer = _CONVS[rank](filters, groups=groups, **options)
    y = layer(y)
    layer.set_weights([weight] if bias is None else [weight, bias])
    sizes = [
        pooled_size(x.dims[2 + i], y.shape[1 + i], spans[i] + 1, strides[i], widths[i], padding)
        for i in range(rank)
    ]
    return _result(x, y, filters, sizes)


@operator(ConvTranspose="keras.layers.Conv1DTranspose or Conv2DTranspose, cropped")
def conv_transpose(builder: Any, node: Any) -> Tensor:
    """A transposed convolution."""
    x, kernel, bias = builder.tensor(node, 0), builder.constant(node, 1), builder.constant(node, 2)
    rank = kernel.ndim - 2
    if rank not in (1, 2) or len(x.axes) != rank + 2:
        raise ValueError(f"it runs along {rank} axes, where one or two are expected.")
    if node.attribute("auto_pad", "NOTSET") != "NOTSET" or node.attribute("output_shape"):
        raise ValueError("it has auto_pad or output_shape. Export it with pads.")
    strides = node.attribute("strides") or [1] * rank
    dilations = node.attribute("dilations") or [1] * rank
    pads = node.attribute("pads") or [0] * (2 * rank)
    more = node.attribute("output_padding") or [0] * rank
    if any(more):
        raise ValueError("it has output_padding. Export it without.")
    groups = node.attribute("group", 1)
    y = arranged(x, [x.axes[0], *x.axes[2:], x.axes[1]])
    parts = []
    per_group = kernel.shape[0] // groups
    for group in range(groups):
        part = y if groups == 1 else y[..., group * per_group : (group + 1) * per_group]
        weight = kernel[group * per_group : (group + 1) * per_group]
        parts.append(_upsampled(part, weight, strides, dilations, rank))
    y = parts[0] if groups == 1 else ops.concatenate(parts, axis=-1)
    if bias is not None:
        y = ops.add(y, bias)
    for i, (before, after) in enumerate(zip(pads[:rank], pads[rank:], strict=True)):
        if before or after:
            y = y[(slice(None),) * (1 + i) + (slice(before, -after or None),)]
    sizes = []
    for i in range(rank):
        known = y.shape[1 + i]
        span = dilations[i] * (kernel.shape[2 + i] - 1)
        full = (x.dims[2 + i] - 1) * strides[i] + span + 1 - pads[i] - pads[i + rank]
        sizes.append(full if known is None else known)
    return _result(x, y, kernel.shape[1] * groups, sizes)


def _upsampled(x: Any, kernel: np.ndarray, strides: Any, dilations: Any, rank: int) -> Any:
    """The full transposed convolution: a convolution of the input with zeros between entries."""
    for axis, stride in enumerate(strides, start=1):
        if stride > 1:
            x = _with_zeros(x, axis, stride)
    spans = [d * (k - 1) for d, k in zip(dilations, kernel.shape[2:], strict=True)]
    x = ops.pad(x, [(0, 0), *((s, s) for s in spans), (0, 0)])
    flipped = np.flip(kernel, axis=tuple(range(2, 2 + rank)))
    weight = np.ascontiguousarray(np.moveaxis(flipped, (0, 1), (-2, -1)))
    return ops.conv(x, weight, strides=1, padding="valid", dilation_rate=tuple(dilations))


def _with_zeros(x: Any, axis: int, stride: int) -> Any:
    """Puts `stride - 1` zeros between the entries along an axis."""
    length = x.shape[axis]
    if length is None:
        raise ValueError("it has a stride along an axis of open size. Export it with a fixed size.")
    wide = ops.expand_dims(x, axis + 1)
    widths = [(0, 0)] * len(wide.shape)
    widths[axis + 1] = (0, stride - 1)
    wide = ops.pad(wide, widths)
    shape = [-1 if d is None else d for d in x.shape]
    shape[axis] = length * stride
    wide = ops.reshape(wide, shape)
    return wide[(slice(None),) * axis + (slice(0, (length - 1) * stride + 1),)]


def _padding(widths: list[tuple[int, int]], spans: list[int], strides: list[int], rank: int) -> str:
    if any(stride != 1 for stride in strides) or not any(spans):
        return "valid"
    if all(width == (s // 2, s - s // 2) for width, s in zip(widths, spans, strict=True)):
        return "same"
    return "causal" if rank == 1 and widths == [(spans[0], 0)] else "valid"


def _result(x: Tensor, y: Any, filters: int, sizes: list[Any]) -> Tensor:
    spatial: list[Group] = [() if size == 1 else (Atom(size),) for size in sizes]
    # An axis that kept its size is the same axis: time is still time.
    for i, size in enumerate(sizes):
        if size == x.dims[2 + i] and isinstance(size, Dim):
            spatial[i] = x.axes[2 + i]
    channels: Group = () if filters == 1 else (Atom(filters),)
    return Tensor(y, [x.axes[0], *spatial, channels], [x.axes[0], channels, *spatial])
