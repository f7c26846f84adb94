"""A process that takes the blow: it runs one call after another, and is replaced when it dies."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Answer:
    """What became of a call.

    Attributes:
        value: What it returned; None where it did not.
        error: The kind of an exception that it raised and its message.
        died: How the process ended: `"SIGSEGV"`, `"exit 1"`, `"timeout"`; None where it lives.
        seconds: How long it took.
        peak_bytes: Memory that the process had at its largest.
    """

    value: Any = None
    error: tuple[str, str] | None = None
    died: str | None = None
    seconds: float = 0.0
    peak_bytes: int = 0


class ChildProcess:
    """Runs a function in a forked process, within limits of memory and time.

    What this process has imported is there at once in each new child.

    Args:
        function: What to call; its arguments and results are pickled.
        memory_bytes: Address space that the child may take beyond what it starts with.
        seconds: What one call may take.
    """

    def __init__(self, function: Callable, memory_bytes: int, seconds: float):
        self._function, self._memory, self._seconds = function, memory_bytes, seconds
        self._process: Any = None
        self.started = 0

    def __call__(self, *arguments: Any) -> Answer:
        """Runs the function; an exception, a crash or a call that lasts too long is an answer."""
        if self._process is None:
            self._start()
        begin = time.perf_counter()
        try:
            self._pipe.send(arguments)
            if not self._pipe.poll(self._seconds):
                self.close()
                return Answer(died="timeout", seconds=time.perf_counter() - begin)
            answer: Answer = self._pipe.recv()
        except (EOFError, ConnectionError, BrokenPipeError):
            self._process.join()
            died = _ending(self._process.exitcode)
            self._process = None
            return Answer(died=died, seconds=time.perf_counter() - begin)
        return dataclasses.replace(answer, seconds=time.perf_counter() - begin)

    def close(self) -> None:
        """Ends the child."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(self._function, other, self._memory), daemon=True
        )
        self._process.start()
        other.close()
        self.started += 1


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit {code}"


def _serve(function: Callable, pipe: Any, memory: int) -> None:
    # What libraries print belongs to no answer.
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    limit = _address_space() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            arguments = pipe.recv()
            try:
                answer = Answer(function(*arguments))
            except BaseException as error:  # all of them are answers
                answer = Answer(error=(type(error).__name__, str(error)[:2000]))
            peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            pipe.send(dataclasses.replace(answer, peak_bytes=peak))


def _address_space() -> int:
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[0]) * resource.getpagesize()
