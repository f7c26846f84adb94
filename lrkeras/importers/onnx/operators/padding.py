"""The padding that convolutions and pooling have of their own."""

from __future__ import annotations

from typing import Any

from lrkeras.importers.onnx.dim import Dim
from lrkeras.importers.onnx.values import Tensor


def pads_of(node: Any, x: Tensor, spans: list[int], strides: list[int]) -> list[tuple[int, int]]:
    """Zeros before and after each axis."""
    mode = node.attribute("auto_pad", "NOTSET")
    rank = len(spans)
    if mode in ("NOTSET", "VALID"):
        pads = (node.attribute("pads") if mode == "NOTSET" else None) or [0] * (2 * rank)
        return list(zip(pads[:rank], pads[rank:], strict=True))
    widths = []
    for size, span, stride in zip(x.dims[2:], spans, strides, strict=True):
        if stride == 1:
            total = span
        elif isinstance(size, Dim):
            raise ValueError(f"it has auto_pad={mode} and a stride along an axis of open size.")
        else:
            total = max((-(-size // stride) - 1) * stride + span + 1 - size, 0)
        small, large = total // 2, total - total // 2
        widths.append((small, large) if mode == "SAME_UPPER" else (large, small))
    return widths
