"""The oldest runtime that can read a file."""

import dataclasses

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.tflite.model_file import ModelFile


@dataclasses.dataclass(frozen=True)
class TargetRuntime:
    """A version of the TFLite / LiteRT runtime that a file must run on.

    Attributes:
        name: `"latest"` or a version such as `"2.16"`.
        per_channel: Whether FULLY_CONNECTED reads one int8 scale for each output (operator
            version 12, from runtime 2.17).
    """

    name: str
    per_channel: bool

    @classmethod
    def get(cls, name: str) -> "TargetRuntime":
        """Looks a runtime up by its name.

        Raises:
            ConversionError: If the name is not one of the known ones.
        """
        if name not in _RUNTIMES:
            raise ConversionError(
                f"Expected `runtime` to be one of {sorted(_RUNTIMES)}, received {name!r}."
            )
        return cls(name, per_channel=_RUNTIMES[name])


_RUNTIMES = {"latest": True, "2.20": True, "2.16": False, "2.14": False}


_ENTRY = "min_runtime_version"
# Operators that are edited after conversion, with the runtime that brought the version.
_SINCE = {
    ("DENSIFY", 1): "2.2.0",
    ("FULLY_CONNECTED", 10): "2.14.0",
    ("FULLY_CONNECTED", 12): "2.17.0",
    ("EMBEDDING_LOOKUP", 4): "2.20.0",
}


def minimum_runtime(file: ModelFile) -> str | None:
    """The version in the file's metadata, such as `"2.17.0"`, or None."""
    entry = file.metadata(_ENTRY)
    if entry is None:
        return None
    return entry.rstrip(b"\0").decode() or None


def set_minimum_runtime(file: ModelFile) -> None:
    """Raises the version in the metadata to what the file's operators need by now."""
    needed = [minimum_runtime(file) or "1.5.0"]
    for graph in file.graphs:
        for op in graph.operators:
            since = _SINCE.get((file.op_name(op), file.op_version(op)))
            if since is not None:
                needed.append(since)
    newest = max(needed, key=lambda version: [int(part) for part in version.split(".")])
    # The runtime reads a field of 16 bytes.
    file.set_metadata(_ENTRY, newest.encode().ljust(16, b"\0"))
