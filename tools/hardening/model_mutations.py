"""Breaks a `.tflite` file in one field of its format, and writes it as a whole flatbuffer.

Such a file passes every check of offsets; what is wrong with it is what it says.
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_INTS = (-(2**31), -65536, -2, -1, 0, 1, 2, 3, 7, 17, 255, 256, 4096, 65536, 2**31 - 1)
_FLOATS = (0.0, -1.0, 1e-45, 1e30, float("nan"), float("inf"), float("-inf"))


def broken_model(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Changes one field or one element of a vector, or, one time in four, two of them."""
    while True:
        model = schema.ModelT.InitFromPackedBuf(data, 0)
        names = [_change(model, rng) for _ in range(1 + (rng.integers(4) == 0))]
        try:
            builder = flatbuffers.Builder(len(data) * 2)
            builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        except Exception:  # what the format has no room for
            continue
        return " and ".join(names), bytes(builder.Output())


def _change(model: Any, rng: np.random.Generator) -> str:
    places = list(_places(model, ""))
    # All kinds of fields alike, however many there are of them.
    names = sorted({name for name, *_ in places})
    name = names[rng.integers(len(names))]
    fitting = [place for place in places if place[0] == name]
    _, holder, field = fitting[rng.integers(len(fitting))]
    setattr(holder, field, _other(getattr(holder, field), rng))
    return name


def _places(table: Any, at: str) -> Any:
    for field, value in sorted(vars(table).items()):
        if callable(value):
            continue
        name = f"{at}.{field}".strip(".")
        tables = value if isinstance(value, list) else [value]
        inner = [one for one in tables if hasattr(one, "Pack")]
        for one in inner:
            yield from _places(one, name)
        yield name, table, field


def _other(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, (bool, np.bool_)):
        return not value
    if isinstance(value, (int, np.integer)):
        return int(_INTS[rng.integers(len(_INTS))]) if rng.integers(2) else int(value) + 1
    if isinstance(value, float):
        return float(_FLOATS[rng.integers(len(_FLOATS))])
    if isinstance(value, (list, np.ndarray)) and len(value):
        return _other_vector(value, rng)
    if isinstance(value, bytes):
        return (b"", b"\xff\xfe", b"w" * 10_000_000, b"a\nb")[rng.integers(4)]
    return np.array(_INTS[3:8], np.int32) if value is None and rng.integers(2) else None


def _other_vector(value: Any, rng: np.random.Generator) -> Any:
    choice, at = int(rng.integers(5)), int(rng.integers(len(value)))
    if choice == 0:
        return value[:at]
    if choice == 1:
        return value[::-1]
    if choice == 2 or isinstance(value, list):
        return [*value, value[at]] if isinstance(value, list) else np.append(value, value[at])
    made = value.copy()
    numbers = _FLOATS if made.dtype.kind == "f" else _INTS
    with np.errstate(all="ignore"):
        made[at] = np.asarray(numbers[rng.integers(len(numbers))]).astype(made.dtype)
    return made
