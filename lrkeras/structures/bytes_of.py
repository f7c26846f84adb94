"""Bytes of numbers of a type."""

import math

_BITS = {"int4": 4, "int8": 8, "float16": 16, "bfloat16": 16, "float32": 32, "float64": 64}


def bytes_of(count, dtype):
    """Bytes of so many numbers of a type such as `"int8"`, rounded up.

    Raises:
        ValueError: If the type is unknown.
    """
    if dtype not in _BITS:
        raise ValueError(f"`dtype` must be one of {sorted(_BITS)}. Received: dtype={dtype!r}")
    return math.ceil(count * _BITS[dtype] / 8)
