"""What a .tflite file says about itself, read without its weights."""

import mmap
import os

from lrkeras.export.tflite.metadata_entry import read_entry
from lrkeras.system.optional_imports import require


class FileHeader:
    """Signatures and metadata of a file; the rest of it never gets into memory.

    Args:
        path: A .tflite file that the runtime loads.

    Attributes:
        graphs: Number of the graph of each signature.
    """

    def __init__(self, path: str | os.PathLike):
        self._path = os.fspath(path)
        schema = require("ai_edge_litert.schema_py_generated")
        with (
            open(path, "rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        ):
            model = schema.Model.GetRootAs(mapped, 0)
            found = [model.SignatureDefs(i) for i in range(model.SignatureDefsLength())]
            self.graphs = {s.SignatureKey().decode(): s.SubgraphIndex() for s in found}
            entries = [model.Metadata(i) for i in range(model.MetadataLength())]
            self._metadata = {
                entry.Name(): _content(model.Buffers(entry.Buffer()), mapped) for entry in entries
            }

    def metadata(self, name: str) -> bytes | None:
        """A metadata entry, inflated where it is stored deflated, or None.

        Raises:
            ValueError: If it is stored deflated and is broken; the message names the file.
        """
        return read_entry(lambda key: self._metadata.get(key.encode()), name, repr(self._path))


def _content(buffer, mapped: mmap.mmap) -> bytes:
    if buffer.Offset() > 1:  # Some writers put buffers behind the flatbuffer.
        return mapped[buffer.Offset() : buffer.Offset() + buffer.Size()]
    return bytes(buffer.DataAsNumpy()) if buffer.DataLength() else b""
