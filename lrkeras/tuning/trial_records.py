"""What became of each trial, on disk."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from lrkeras.system.atomic_write import written_whole
from lrkeras.system.json_file import write_json

_START, _RESULT = "start.json", "result.json"


class TrialRecords:
    """The trials of a search in a folder, which a stopped search goes on from.

    Args:
        out: The folder of the search.
    """

    def __init__(self, out: pathlib.Path):
        self._folder = out / "trials"

    def folder(self, number: int) -> pathlib.Path:
        """The folder of a trial."""
        return self._folder / f"{number:03d}"

    def start(self, number: int) -> dict[str, Any] | None:
        """What is known of a trial before its training; None if it has not begun."""
        return self._read(number, _START)

    def result(self, number: int) -> dict[str, Any] | None:
        """What became of a trial; None if it is not over."""
        return self._read(number, _RESULT)

    def file(self, number: int, name: str) -> bytes:
        """The content of a file of a trial."""
        return (self.folder(number) / name).read_bytes()

    def write_start(self, number: int, start: dict[str, Any], files: dict[str, bytes]) -> None:
        """Keeps where a trial starts from."""
        self.write_files(number, files)
        write_json(self._made(number) / _START, start)

    def write_result(self, number: int, result: dict[str, Any]) -> None:
        """Keeps what became of a trial: it is over, and is not run again."""
        write_json(self._made(number) / _RESULT, result)

    def write_files(self, number: int, files: dict[str, bytes]) -> None:
        """Keeps files of a trial, each whole or not at all."""
        folder = self._made(number)
        for name, content in files.items():
            with written_whole(folder / name) as draft:
                draft.write_bytes(content)

    def _made(self, number: int) -> pathlib.Path:
        folder = self.folder(number)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _read(self, number: int, name: str) -> dict[str, Any] | None:
        file = self.folder(number) / name
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
