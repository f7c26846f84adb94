"""Files that appear under their name only when they are complete."""

import contextlib
import os
import tempfile
from collections.abc import Iterator

from lrkeras.export.conversion_error import ConversionError


@contextlib.contextmanager
def written_aside(path: str | os.PathLike) -> Iterator[str]:
    """The path of a temporary file beside `path`, which becomes `path` if the block succeeds."""
    path = os.fspath(path)
    if os.path.isdir(path):
        raise ConversionError(f"Expected the path of a file, received the folder {path!r}.")
    folder, name = os.path.split(os.path.abspath(path))
    try:
        handle, draft = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".draft")
    except OSError as error:
        raise ConversionError(
            f"Expected a path that can be written, received {path!r}: {error}."
        ) from error
    os.close(handle)
    try:
        yield draft
        # Temporary files are private; the result has the permissions of an ordinary new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(draft, 0o666 & ~mask)
        os.replace(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
