"""The memory that a file takes."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

_PROBE = pathlib.Path(__file__).with_name("memory_probe.py")


@dataclasses.dataclass(frozen=True)
class FileMemory:
    """Memory of a process that has only the runtime, before and after it ran one file; in bytes.

    Every signature of the file ran once. None stands for what the system does not tell (outside
    Linux all but `peak`).

    Attributes:
        path: The file.
        file_bytes: Its size.
        num_threads, use_xnnpack: The settings of the runtime.
        rss_before, rss_after: Resident memory: what the process had in main memory, the pages of
            the file among it, which the system can drop and read again.
        pss_before, pss_after: The same with pages that other processes use too counted in shares.
        anonymous_before, anonymous_after: The part of the resident memory that is no page of a
            file: tensors, and the copies that XNNPACK makes of weights.
        peak: Largest resident memory from just before the file was opened to after the run.
    """

    path: str
    file_bytes: int
    num_threads: int
    use_xnnpack: bool
    rss_before: int | None
    rss_after: int | None
    pss_before: int | None
    pss_after: int | None
    anonymous_before: int | None
    anonymous_after: int | None
    peak: int | None

    @classmethod
    def measure(
        cls,
        path: str | os.PathLike,
        num_threads: int,
        use_xnnpack: bool,
        smallest: str | os.PathLike,
    ) -> "FileMemory":
        """Runs a file in a fresh process.

        Args:
            path: The file, with static shapes.
            num_threads: Threads of the kernels.
            use_xnnpack: Whether XNNPACK takes the operators it knows.
            smallest: A file that does next to nothing, run beforehand.

        Raises:
            RuntimeError: If the process fails.
        """
        words = [os.fspath(path), str(int(use_xnnpack)), str(num_threads), os.fspath(smallest)]
        # Started from its text: from its file it would import this folder's modules as its own.
        program = [sys.executable, "-c", _PROBE.read_text(encoding="utf-8"), *words]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(
                f"Expected a process that runs {os.fspath(path)!r} to measure its memory, received "
                f"exit status {done.returncode}: {last}. Leave the memory out (--no-memory)."
            )
        found = json.loads(done.stdout.splitlines()[-1])
        sizes = {
            f"{name}_{when}": found[when][name]
            for name in ("rss", "pss", "anonymous")
            for when in ("before", "after")
        }
        sizes |= {"peak": found["after"]["peak"], "file_bytes": os.path.getsize(path)}
        return cls(os.fspath(path), num_threads=num_threads, use_xnnpack=use_xnnpack, **sizes)
