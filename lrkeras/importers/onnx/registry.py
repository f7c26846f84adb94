"""Which function imports which operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HANDLERS: dict[str, Callable[..., Any]] = {}

OWN_DOMAIN = "lrkeras"
"""The domain of operators that ONNX has not; only what this package exports itself has them."""

SUPPORTED: dict[str, str] = {}
"""What becomes of each operator of the domain `ai.onnx` that can be imported."""


def operator(**becomes: str) -> Callable[[Callable], Callable]:
    """Registers a function `(builder, node) -> value or values` for operators.

    Args:
        becomes: What each of them becomes, in words, by its name.
    """

    def register(function: Callable) -> Callable:
        for name, text in becomes.items():
            HANDLERS[name] = function
            SUPPORTED[name] = text
        return function

    return register
