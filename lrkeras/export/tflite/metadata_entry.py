"""Metadata entries of a file, the long ones deflated."""

import zlib
from collections.abc import Callable

METADATA_NAME = "lrkeras"
_DEFLATED = ".zlib"
# A shorter one is left as text, which any viewer of files shows.
_SHORTEST = 4096
# A damaged or hostile file may say that it holds more than there is memory for.
_LARGEST = 64 << 20


def deflated_name(name: str) -> str:
    """The name that an entry has in a file where it is deflated."""
    return name + _DEFLATED


def deflated(name: str, value: bytes) -> tuple[str, bytes]:
    """Deflates an entry if that is worth it.

    Args:
        name: Name of the entry.
        value: Its bytes.

    Returns:
        The name and the bytes to store: `name.zlib` and a zlib stream, or both as they came.
    """
    if not _SHORTEST <= len(value) <= _LARGEST:
        return name, value
    return deflated_name(name), zlib.compress(value, level=9)


def read_entry(stored: Callable[[str], bytes | None], name: str, file: str) -> bytes | None:
    """Reads an entry that may be deflated.

    Args:
        stored: Gives the bytes that the file has under a name, or None.
        name: Name of the entry, without `.zlib`.
        file: What the file is called in an error.

    Returns:
        The bytes of the entry, inflated, or None if there is none.

    Raises:
        ValueError: If a deflated one is cut off, damaged or larger than 64 MiB.
    """
    value = stored(name)
    if value is not None:
        return value
    data = stored(deflated_name(name))
    return None if data is None else _inflated(data, deflated_name(name), file)


def _inflated(data: bytes, name: str, file: str) -> bytes:
    stream, problem = zlib.decompressobj(), ""
    try:
        value = stream.decompress(data, _LARGEST + 1)
    except zlib.error as error:
        problem = f"do not inflate: {error}"
    else:
        if len(value) > _LARGEST:
            problem = "inflate to more"
        elif not stream.eof:
            problem = "end early"
        elif stream.unused_data:
            problem = "go on behind the end"
    if problem:
        raise ValueError(
            f"Expected the metadata entry {name!r} of {file} to be one whole zlib stream of at "
            f"most {_LARGEST:,} bytes, received {len(data):,} bytes that {problem}. Copy or "
            "convert the file again."
        )
    return value
