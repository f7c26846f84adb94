"""Keeps what tools/test_versions.sh found, and with which versions: version_row.py NAME ENVIRONMENT, with that environment's Python.

It writes a row of docs/results/data/hardening_versions.json, which supply.py shows.
"""

from __future__ import annotations

import importlib.metadata
import json
import pathlib
import platform
import sys
from xml.etree import ElementTree

from dependencies import ROOT, requirements

from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine

FILE = ROOT / "docs/results/data/hardening_versions.json"


def rows() -> dict[str, dict]:
    """The rows that are there, by name."""
    return json.loads(FILE.read_text(encoding="utf-8"))["rows"] if FILE.exists() else {}


def versions() -> dict[str, str]:
    """Of what pyproject.toml asks for, what is installed here."""
    found = {}
    for name in sorted(requirements(), key=str.lower):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def counts(report: pathlib.Path) -> dict[str, int]:
    """How many tests of a report of pytest passed, failed and were skipped, and how long they took."""
    suite = ElementTree.parse(report).getroot().find("testsuite")
    number = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"]
    return {
        "passed": number["tests"] - failed - number["skipped"],
        "failed": failed,
        "skipped": number["skipped"],
        "seconds": round(float(suite.get("time"))),
    }


def main(name: str, environment: str) -> None:
    """Writes the row; those of other names stay."""
    folder = pathlib.Path(environment)
    row = {
        "command": f"tools/test_versions.sh {name}",
        "python": platform.python_version(),
        **counts(folder / "tests.xml"),
        "extras left out": (folder / "left-out").read_text(encoding="utf-8").split(),
        "versions": versions(),
        "machine": describe_machine(),
    }
    write_json(FILE, {"rows": {**rows(), name: row}})


if __name__ == "__main__":
    main(*sys.argv[1:])
