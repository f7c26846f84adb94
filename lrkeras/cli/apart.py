"""Running a command in a child process, whose end is told in a line like any other failure."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence

# They hand files of others to native code, which some files end.
COMMANDS = ("bench", "convert", "inspect")
_PARENT_DEATH = 1  # PR_SET_PDEATHSIG


def run_apart(main: Callable[[Sequence[str]], int], words: Sequence[str]) -> int:
    """Runs the command line in a fork of this process, where the system has that.

    Args:
        main: What runs a command and returns its exit status.
        words: The words after `lrkeras`.

    Returns:
        The exit status of the command; 1, after a line on stderr, if its process was ended.
    """
    if not words or words[0] not in COMMANDS or not hasattr(os, "fork"):
        return main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _end_with_parent()
            status = main(words)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)
    return _ended(_wait(child))


def _wait(child: int) -> int:
    """Waits, and hands on what would end this process; Ctrl-C reaches both."""

    def hand_on(number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ended(status: int) -> int:
    if status >= 0:
        return status
    number = signal.Signals(-status)
    if number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        return 128 + number
    print(
        f"error: the runtime was ended by {number.name}, as damaged and hostile files do to it: "
        "do not use the file; convert or export it again (or there was no memory left)",
        file=sys.stderr,
    )
    return 1


def _end_with_parent() -> None:
    """Ends this process when the one that waits for it is killed; on Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
