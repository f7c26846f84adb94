"""Ways to break a file: each is a name and the bytes that come out, the same for the same seed."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

# Counts, sizes and offsets that readers trip over.
_NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC)
_LONG = 10_000_000  # letters of a long string
_DEEP = 100_000  # levels of nested lists


def broken_bytes(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Breaks any file, without knowing its kind."""
    kinds = (_flip_bit, _flip_bits, _truncate, _swap, _declare, _declare, _blank, _insert, _repeat)
    kind = kinds[rng.integers(len(kinds))]
    return kind.__name__.strip("_"), kind(bytearray(data), rng)


def _flip_bit(data: bytearray, rng: np.random.Generator) -> bytes:
    data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return bytes(data)


def _flip_bits(data: bytearray, rng: np.random.Generator) -> bytes:
    for _ in range(rng.integers(2, 33)):
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return bytes(data)


def _truncate(data: bytearray, rng: np.random.Generator) -> bytes:
    return bytes(data[: rng.integers(len(data))])


def _swap(data: bytearray, rng: np.random.Generator) -> bytes:
    """Two sections change places."""
    a, b, c, d = sorted(int(n) for n in rng.integers(len(data), size=4))
    return bytes(data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:])


def _declare(data: bytearray, rng: np.random.Generator) -> bytes:
    """A number of four bytes becomes another, as a huge size or an offset that leads out."""
    at = 4 * int(rng.integers(max(1, len(data) // 4)))
    number = _NUMBERS[rng.integers(len(_NUMBERS))]
    if rng.integers(2):
        (old,) = struct.unpack_from("<I", data.ljust(at + 4, b"\0"), at)
        number = (old + int(rng.integers(-64, 65))) & 0xFFFFFFFF
    data[at : at + 4] = struct.pack("<I", number)
    return bytes(data)


def _blank(data: bytearray, rng: np.random.Generator) -> bytes:
    at, length = int(rng.integers(len(data))), int(rng.integers(1, 257))
    data[at : at + length] = bytes([rng.integers(2) * 255]) * len(data[at : at + length])
    return bytes(data)


def _insert(data: bytearray, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data)))
    return bytes(data[:at] + rng.bytes(int(rng.integers(1, 65))) + data[at:])


def _repeat(data: bytearray, rng: np.random.Generator) -> bytes:
    a, b = sorted(int(n) for n in rng.integers(len(data), size=2))
    return bytes(data[:b] + data[a:])


# JSON


def broken_json(text: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Replaces one value anywhere in a JSON text by something that does not belong there."""
    content = json.loads(text)
    places = list(_places(content))
    holder, key = places[rng.integers(len(places))]
    name = list(_VALUES)[rng.integers(len(_VALUES))]
    if name == "gone":
        del holder[key]
    else:
        holder[key] = f"{_MARK}"
    made = json.dumps(content)
    if name != "gone":
        made = made.replace(json.dumps(_MARK), _VALUES[name]())
    return f"json {name}", made.encode()


_MARK = "\N{SNOWMAN} here"
_VALUES: dict[str, Callable[[], str]] = {
    "gone": str,
    "null": lambda: "null",
    "NaN": lambda: "NaN",
    "Infinity": lambda: "-Infinity",
    "1e999": lambda: "1e999",
    "huge number": lambda: "9" * 5000,
    "huge size": lambda: str(2**31 - 1),
    "negative": lambda: "-1",
    "half": lambda: "0.5",
    "true": lambda: "true",
    "list": lambda: "[]",
    "object": lambda: '{"class_name": "Nothing", "config": {}}',
    "long string": lambda: '"' + "w" * _LONG + '"',
    "deep": lambda: "[" * _DEEP + "]" * _DEEP,
    "path": lambda: '"../../../../tmp/outside"',
    "escape": lambda: '"\\ud800\\u0000"',
}


def _places(content: Any):
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in list(pairs):
        yield content, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


# Zip archives: .keras and .npz


def broken_archive(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Breaks a zip archive in one of its parts, or in its table of parts."""
    parts = _parts(data)
    kinds = (_part_bytes, _part_bytes, _part_json, _part_json, _part_json, *_TABLE)
    return kinds[rng.integers(len(kinds))](parts, rng)


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive of parts by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _part_bytes(parts: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    name = sorted(parts)[rng.integers(len(parts))]
    kind, parts[name] = broken_bytes(parts[name], rng)
    return f"{kind} in {name}", archive_of(parts)


def _part_json(parts: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    if "config.json" not in parts:
        return _part_bytes(parts, rng)
    kind, parts["config.json"] = broken_json(parts["config.json"], rng)
    return f"{kind} in config.json", archive_of(parts, zipfile.ZIP_DEFLATED)


def _missing(parts: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    del parts[sorted(parts)[rng.integers(len(parts))]]
    return "part missing", archive_of(parts)


def _traversal(parts: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    names = ("../outside", "/tmp/lrkeras-outside", "..\\outside", "assets/../../outside")
    return "path traversal", archive_of({**parts, names[rng.integers(4)]: b"outside"})


def _bomb(parts: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    name = sorted(parts)[rng.integers(len(parts))]
    parts[name] += b" " * (256 << 20)
    return "zip bomb", archive_of(parts, zipfile.ZIP_DEFLATED)


def _lying_size(parts: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    data = bytearray(archive_of(parts, zipfile.ZIP_DEFLATED))
    at = data.find(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, int(rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFE])))
    return "lying size", bytes(data)


def _twice(parts: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    name = sorted(parts)[rng.integers(len(parts))]
    data = bytearray(archive_of({**parts, "?" * len(name): rng.bytes(100)}))
    return "part twice", bytes(data).replace(b"?" * len(name), name.encode())


_TABLE = (_missing, _traversal, _bomb, _lying_size, _twice)


# Arrays


def broken_array(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Another header before the numbers of a .npy file, or objects that would be unpickled."""
    begin = 10 + struct.unpack_from("<H", data, 8)[0]
    shape = ("(1, 8, 4)", "(4000000000, 8, 4)", "(-1,)", "(0, 8, 4)", f"({'1,' * 5000})")
    kind = ("<f4", "|O", "<U4", "<c8", "<f2", "|V4", "[('a', '|O')]")
    header = (
        f"{{'descr': '{kind[rng.integers(len(kind))]}', 'fortran_order': False, "
        f"'shape': {shape[rng.integers(len(shape))]}, }}"
    ).ljust(117)
    body = data[begin:]
    choice = int(rng.integers(4))
    if choice == 0:
        body = PICKLE
    elif choice == 1:
        values = np.frombuffer(body, "<f4").copy()
        values[rng.integers(len(values))] = (np.nan, np.inf, 1e38)[rng.integers(3)]
        return "array NaN or Inf", data[:begin] + values.tobytes()
    made = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header.encode() + b"\n"
    return ("pickled array" if choice == 0 else "array header"), made + body


class _Canary:
    """Unpickled, it leaves a folder behind."""

    def __reduce__(self):
        import os

        return os.mkdir, ("/tmp/lrkeras-code-was-run",)


def _pickle() -> bytes:
    import pickle

    return pickle.dumps(np.array([_Canary()], dtype=object), protocol=4)


PICKLE = _pickle()


# ONNX


def broken_onnx(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Breaks one field of a model, or sends its weights to a file that is none of its own."""
    import onnx

    model = onnx.load_from_string(data)
    graph = model.graph
    initializer = graph.initializer[rng.integers(len(graph.initializer))]
    node = graph.node[rng.integers(len(graph.node))]
    choice = int(rng.integers(8))
    if choice == 0:
        paths = ("/etc/passwd", "../other.keras", "missing.bin", ".", "", "a\0b")
        initializer.ClearField("raw_data")
        initializer.data_location = onnx.TensorProto.EXTERNAL
        initializer.external_data.add(key="location", value=paths[rng.integers(len(paths))])
        name = "external data"
    elif choice == 1 and initializer.dims:
        initializer.dims[0] = int(rng.choice([-1, 0, 1, 2**31, 2**62]))
        name = "dims"
    elif choice == 2:
        initializer.data_type = int(rng.integers(0, 30))
        name = "data type"
    elif choice == 3:
        values = np.full(max(1, len(initializer.raw_data) // 4), np.nan, "<f4")
        initializer.raw_data = values.tobytes()[: len(initializer.raw_data)]
        name = "NaN"
    elif choice == 4:
        node.op_type = str(rng.choice(["Nothing", "LSTM", "If", "Loop", "Reshape", "w" * 10_000]))
        name = "operator"
    elif choice == 5 and node.input:
        node.input[0] = str(rng.choice(["", "nothing", node.output[0], "\n"]))
        name = "input"
    elif choice == 6 and node.attribute:
        attribute = node.attribute[rng.integers(len(node.attribute))]
        attribute.i, attribute.type = int(rng.choice([-1, 0, 2**40])), onnx.AttributeProto.INT
        name = "attribute"
    else:
        del graph.node[rng.integers(len(graph.node))]
        name = "node missing"
    return name, model.SerializeToString()
