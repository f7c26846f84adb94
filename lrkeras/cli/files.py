"""Input and output files of the commands, checked before any long work starts."""

from __future__ import annotations

import os
import pathlib


def existing(path: str) -> pathlib.Path:
    """Returns the path of a file that is there.

    Raises:
        FileNotFoundError: there is no such file.
    """
    file = pathlib.Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"No file {str(file)!r}. Check the path.")
    return file


def existing_model(path: str) -> pathlib.Path:
    """Returns the path of a file, or of a folder that may hold a model.

    Raises:
        FileNotFoundError: there is neither.
    """
    file = pathlib.Path(path)
    return file if file.is_dir() else existing(path)


def size(path: pathlib.Path) -> int:
    """Returns the bytes of a file, or of all files in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def keras_output(path: str) -> pathlib.Path:
    """Returns a path into which a `.keras` file can be written.

    Raises:
        OSError: as `writable`.
        ValueError: the path ends in something else.
    """
    file = writable(path)
    if file.suffix != ".keras":
        raise ValueError(f"Expected an output that ends in .keras; received {str(file)!r}.")
    return file


def writable_if_given(path: str | None) -> pathlib.Path | None:
    """Returns a path as `writable` does, or None where none was given."""
    return None if path is None else writable(path)


def writable(path: str) -> pathlib.Path:
    """Returns a path into which a file can be written.

    Raises:
        OSError: the path is a folder, or its folder is missing or cannot be written into.
    """
    file = pathlib.Path(path)
    if file.is_dir():
        raise IsADirectoryError(f"Expected the name of a file to write; {str(file)!r} is a folder.")
    if not file.parent.is_dir():
        raise FileNotFoundError(f"No folder {str(file.parent)!r} to write {file.name!r} into.")
    if not os.access(file.parent, os.W_OK):
        raise PermissionError(f"The folder {str(file.parent)!r} cannot be written into.")
    return file
