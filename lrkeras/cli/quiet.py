"""Keeping log lines of native libraries away from what a command says."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import logging
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drops what libraries log in a block; what is printed to `sys.stderr` comes through.

    TensorFlow and LiteRT write to file descriptor 2 without asking Python, partly before they read
    a setting (`TF_CPP_MIN_LOG_LEVEL` cannot stop these lines). So the descriptor leads nowhere for
    the time being, and `sys.stderr` to where it led before. Should a library end the process, its
    last words are lost, but Python says where it was.
    """
    level = logging.root.manager.disable
    with contextlib.ExitStack() as stack:
        logging.disable(max(level, logging.WARNING))
        stack.callback(logging.disable, level)
        if _is_descriptor_2(sys.stderr):
            stack.enter_context(_without_descriptor_2())
        yield


@contextlib.contextmanager
def _without_descriptor_2() -> Iterator[None]:
    before = sys.stderr
    before.flush()
    kept = os.dup(2)
    # Not closed at the end: loggers that were made in the block keep it.
    own = io.TextIOWrapper(
        io.FileIO(os.dup(2), "w"),
        encoding=before.encoding,
        errors="backslashreplace",
        write_through=True,
    )
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = own
    watched = faulthandler.is_enabled()
    if not watched:
        faulthandler.enable(own)
    try:
        yield
    finally:
        if not watched:
            faulthandler.disable()
        own.flush()
        sys.stderr = before
        os.dup2(kept, 2)
        os.close(kept)


def _is_descriptor_2(stream: object) -> bool:
    """Whether a stream is the process's standard error, and not that of a test or a notebook."""
    try:
        return stream.fileno() == 2  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return False
