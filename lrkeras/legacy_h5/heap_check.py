"""Looking at the heaps of an HDF5 file before its library does, which would read some forever."""

from __future__ import annotations

import mmap
import os
import struct

_HEAP = b"GCOL\x01\0\0\0"
_HEADER = 16


def check_heaps(path: str | os.PathLike) -> None:
    """Checks the heaps of a file, where its texts are.

    Raises:
        ValueError: An object of one has no size or reaches beyond the heap. The library goes from
            one object to the next by their sizes, and would not come to an end.
    """
    with open(path, "rb") as stream:
        if os.path.getsize(path):
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                check_heaps_in(data, path)


def check_heaps_in(data: bytes | mmap.mmap, path: str | os.PathLike) -> None:
    """Checks the heaps in what was read of a file.

    Raises:
        ValueError: As `check_heaps` does.
    """
    begin = data.find(_HEAP)
    while begin >= 0:
        if not _is_whole(data, begin):
            raise ValueError(
                f"{os.fspath(path)!r} is a damaged HDF5 file (its heap at byte {begin} has an "
                "object of no size, or one that reaches beyond it). Copy it again."
            )
        begin = data.find(_HEAP, begin + 1)


def _is_whole(data: bytes | mmap.mmap, begin: int) -> bool:
    """Whether the objects of a heap fill it (HDF5 File Format Specification 3.0, III.E)."""
    if begin + _HEADER > len(data):
        return False
    end = begin + struct.unpack_from("<Q", data, begin + 8)[0]
    place = begin + _HEADER
    if not place <= end <= len(data):
        return False
    # What is left at the end and is too small for a header is free too.
    while place + _HEADER <= end:
        number, size = struct.unpack_from("<H", data, place)[0], _size(data, place)
        # The size of free room counts its header; that of an object does not, and is rounded up.
        step = size if number == 0 else _HEADER + (size + 7) // 8 * 8
        if step < _HEADER:
            return False
        place += step
    return place <= end


def _size(data: bytes | mmap.mmap, place: int) -> int:
    return int(struct.unpack_from("<Q", data, place + 8)[0])
