"""The quality of a file, as a command of the user's tells it."""

import dataclasses
import math
import os
import shlex
import subprocess

_PLACE = "{file}"


@dataclasses.dataclass(frozen=True)
class FileQuality:
    """What a command said about a file.

    Attributes:
        path: The file.
        value: The number on the last line that the command printed; None if it failed.
        error: Why there is no number; None if there is one.
    """

    path: str
    value: float | None
    error: str | None

    @classmethod
    def measure(cls, command: str, path: str | os.PathLike) -> "FileQuality":
        """Runs a command, without a shell, with `{file}` replaced by the file.

        Args:
            command: Such as `"python my_eval.py {file}"`.
            path: The file.
        """
        path = os.fspath(path)
        words = [word.replace(_PLACE, path) for word in split_command(command)]
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        except OSError as error:
            return cls(path, None, f"{words[0]}: {error.strerror}")
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            return cls(path, None, f"exit status {done.returncode}: {last}")
        lines = done.stdout.strip().splitlines()
        value = _number(lines[-1]) if lines else None
        if value is None:
            last = repr(lines[-1]) if lines else "nothing"
            return cls(path, None, f"expected a number as the last line, received {last}")
        return cls(path, value, None)


def split_command(command: str) -> list[str]:
    """The words of a quality command.

    Raises:
        ValueError: If it does not name the file, or has an open quotation mark.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(
            f"Expected a command for the quality, received {command!r}: {error}."
        ) from error
    if not any(_PLACE in word for word in words):
        raise ValueError(
            f"Expected a command with {_PLACE} in it for the quality, received {command!r}."
        )
    return words


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
