"""Folders that one process holds, and temporary ones that outlive no process for long.

What holds a folder is a lock of the system (`flock`), which goes with the process however it ends.
Windows, and file systems without such locks, have none: there nothing is refused, and what a killed
process left stays.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_DRAFTS, _SCRATCH = ".*.draft", "lrkeras-*.scratch"
_mine = threading.local()


@contextlib.contextmanager
def draft_folder(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder beside a file, for a draft of it; deleted after the block.

    Raises:
        OSError: If none can be made there.
    """
    remove_abandoned(target.parent)
    with _temporary(target.parent, f".{target.name}", ".draft") as folder:
        yield folder


@contextlib.contextmanager
def scratch_folder() -> Iterator[str]:
    """A folder among the temporary ones of the system, deleted after the block.

    Raises:
        OSError: If none can be made there.
    """
    parent = pathlib.Path(tempfile.gettempdir())
    _remove_unheld(parent, _SCRATCH)
    with _temporary(parent, "lrkeras", ".scratch", separator="-") as folder:
        yield os.fspath(folder)


def remove_abandoned(folder: pathlib.Path) -> None:
    """Deletes the drafts in a folder whose processes were killed."""
    _remove_unheld(folder, _DRAFTS)


def is_draft(path: pathlib.Path) -> bool:
    """Whether a path is that of a folder of a draft."""
    return path.match(_DRAFTS)


@contextlib.contextmanager
def held_alone(folder: pathlib.Path) -> Iterator[None]:
    """Holds a folder while the block runs; a thread may hold one twice.

    Raises:
        BlockingIOError: If another process, or thread, holds it.
        OSError: If it is not there.
    """
    held: set[pathlib.Path] = _mine.__dict__.setdefault("held", set())
    place = folder.resolve()
    if place in held:
        yield
        return
    lock = _lock(folder, wait=False)
    held.add(place)
    try:
        yield
    finally:
        held.discard(place)
        os.close(lock)


@contextlib.contextmanager
def _temporary(
    parent: pathlib.Path, start: str, end: str, separator: str = "."
) -> Iterator[pathlib.Path]:
    while True:
        folder = parent / f"{start}{separator}{secrets.token_hex(4)}{end}"
        folder.mkdir(mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            lock = _lock(folder, wait=True)
            # Before it was held, another process may have taken it for abandoned.
            if folder.exists():
                break
            os.close(lock)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_unheld(parent: pathlib.Path, pattern: str) -> None:
    if fcntl is None:
        return
    for folder in parent.glob(pattern):
        with contextlib.suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _lock(folder: pathlib.Path, wait: bool) -> int:
    """A descriptor that holds a folder until it is closed."""
    if fcntl is None:
        return os.open(os.devnull, os.O_RDONLY)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            os.close(lock)
            raise BlockingIOError(
                f"Expected a folder that no other run works in, received {os.fspath(folder)!r}. "
                "Wait until that run is over, or choose another folder."
            ) from error
        # A file system without locks.
    return lock
