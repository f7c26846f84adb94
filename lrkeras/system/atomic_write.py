"""Files that appear under their name only when they are complete."""

import contextlib
import errno
import os
import pathlib
import re
import shutil
from collections.abc import Iterator

from lrkeras.system.held_folder import draft_folder, scratch_folder


@contextlib.contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """The path of a draft, to be written, which becomes `path` if the block succeeds.

    The draft has the name of `path` and lies in a hidden folder beside it. If the block raises, it
    is deleted and what was under the name before is still there; if the process is killed, the next
    file that is written into the folder takes it away. A device or pipe gets what was written once
    the block has succeeded.

    Args:
        path: The file to write.

    Raises:
        IsADirectoryError: If `path` is a folder.
        OSError: If the folder of `path` cannot be written, or its disk is full.
    """
    # Of a link, what it leads to is written; the link stays.
    target = pathlib.Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"Expected the path of a file, received the folder {str(path)!r}.")
    if target.exists() and not target.is_file():
        with _draft(scratch_folder(), target.name, path) as draft:
            yield draft
            with open(draft, "rb") as content, open(path, "wb") as stream:
                shutil.copyfileobj(content, stream)
        return
    with _draft(draft_folder(target), target.name, path) as draft:
        yield draft
        _keep(draft)
        os.replace(draft, target)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes text with a line's end after it; the file appears whole or not at all.

    Raises:
        OSError: As `written_whole`.
    """
    with written_whole(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8")


@contextlib.contextmanager
def _draft(folder: contextlib.AbstractContextManager, name: str, path: str | os.PathLike):
    try:
        with folder as made:
            yield pathlib.Path(made) / name
    except OSError as error:
        # The reader knows the path that was asked for, not that of the draft.
        if re.search(rf"\.{re.escape(name)}\.[0-9a-f]{{8}}\.draft", str(error.filename)):
            error.filename = os.fspath(path)
        raise


def _keep(draft: pathlib.Path) -> None:
    """Brings a file to the disk before it gets its name: a power cut would leave it empty."""
    descriptor = os.open(draft, os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # cannot, or need not
            raise
    finally:
        os.close(descriptor)
