"""Writes docs/supply.md: what the package depends on, the versions allowed and those tested, and the licence of each.

python tools/hardening/supply.py
"""

from __future__ import annotations

import importlib.metadata
import sys

from dependencies import ROOT, requirements
from packaging.requirements import Requirement
from version_row import rows

from lrkeras.system.markdown_table import markdown_table

PAGE = ROOT / "docs/supply.md"
PAGE_TEXT = """# Dependencies and licences

Made by `python tools/hardening/supply.py` with Python {python}. "Allowed" is what `pyproject.toml` allows, "tested" what all of the tests
run with; later versions are allowed, and not tested, unless a bound is given. The columns after it are the runs below. "-" stands for a
package that is not installed there.

{table}

Parts of the tests run with other versions too, each in an environment of its own:

{runs}

Two builds of one commit are the same to the byte: the app before it is signed and its library (`bash android_demo/tools/reproducible.sh`,
with the same JDK and Python), and the wheel where `SOURCE_DATE_EPOCH` is set (`tests/packaging`).

Licences are those that the packages declare of themselves.

This page does not say that none of them has a known vulnerability: ask `pip-audit`, and read what it skips. Where its index has no
data on vulnerabilities it skips every package, says "No known vulnerabilities found" all the same and ends with status 0.
"""


def licence(name: str) -> str:
    """What an installed package says of its licence, short."""
    facts = importlib.metadata.metadata(name)
    said = facts.get("License-Expression")
    if not said:
        kinds = [
            c.split(" :: ")[-1]
            for c in facts.get_all("Classifier", [])
            if c.startswith("License ::")
        ]
        said = ", ".join(kinds) or facts.get("License", "not declared")
    return said.splitlines()[0][:60]


def row(name: str, requirement: Requirement, groups: list[str]) -> list[str]:
    """A line of the table."""
    try:
        version, terms = importlib.metadata.version(name), licence(name)
    except importlib.metadata.PackageNotFoundError:
        version = terms = "-"
    others = [run["versions"].get(name, "-") for run in rows().values()]
    return [name, ", ".join(groups), str(requirement.specifier) or "any", version, *others, terms]


def runs() -> list[list[str]]:
    """A line for each run with other versions."""
    counts = ("python", "passed", "failed", "skipped", "seconds", "note")
    return [
        [f"`{run['command']}`", *(str(run.get(count, "")) for count in counts)]
        for run in rows().values()
    ]


def main() -> None:
    """Writes the page."""
    lines = [
        row(name, *found)
        for name, found in sorted(requirements().items(), key=lambda i: i[0].lower())
    ]
    table = markdown_table(["package", "for", "allowed", "tested", *rows(), "licence"], lines)
    run_table = markdown_table(
        ["command", "Python", "passed", "failed", "skipped", "seconds", "note"], runs()
    )
    python = ".".join(map(str, sys.version_info[:3]))
    page = PAGE_TEXT.format(python=python, table=table, runs=run_table)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
