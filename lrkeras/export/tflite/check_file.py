"""Looking at a `.tflite` file before a runtime does, which would end the process over some."""

import json
import mmap
import os

from lrkeras.export.tflite.metadata_entry import METADATA_NAME
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.system.shortened import shortened


def check_file(path: str | os.PathLike) -> None:
    """Checks what a file says of itself; its weights are not read into memory.

    Raises:
        ValueError: If it is no whole .tflite model; the message names it.
    """
    if os.path.getsize(path) == 0:
        raise _damaged(path, "it is empty")
    with open(path, "rb") as stream:
        # Closed when nothing refers to it any more: arrays of weights are views of it.
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    read_checked(mapped, path)


def read_checked(data: bytes | mmap.mmap, path: str | os.PathLike) -> ModelFile:
    """Reads a model; an error names the file.

    Raises:
        ValueError: If it is no whole .tflite model.
    """
    try:
        file = ModelFile(data)
        about = json.loads(file.metadata(METADATA_NAME) or b"{}")
        if not isinstance(about, dict):
            raise ValueError("its metadata are no JSON object")
        return file
    except Exception as error:
        # A flatbuffer that ends early raises whatever the bytes happen to lead to.
        raise _damaged(path, str(error) or type(error).__name__) from error


def _damaged(path: str | os.PathLike, said: str) -> ValueError:
    told = said if said.startswith("Expected") else f"it is cut off or damaged ({said})"
    return ValueError(
        f"Expected a .tflite file that the runtime can load, received {os.fspath(path)!r}: "
        f"{shortened(told)}"
    )
