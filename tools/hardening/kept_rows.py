"""Rows of a table that several runs fill."""

import json
import pathlib

from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine
from lrkeras.system.versions import package_versions


def keep_rows(file: str | pathlib.Path, rows: dict[str, dict]) -> None:
    """Writes rows into a JSON file; rows of other names in it stay."""
    file = pathlib.Path(file)
    before = json.loads(file.read_text(encoding="utf-8"))["rows"] if file.exists() else {}
    content = {"rows": before | rows, "machine": describe_machine(), "versions": package_versions()}
    write_json(file, content)
