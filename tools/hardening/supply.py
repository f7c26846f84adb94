"""Writes docs/supply.md: what the package depends on, the lowest version allowed, the one tested with, and the licence of each.

python tools/hardening/supply.py
"""

from __future__ import annotations

import importlib.metadata
import pathlib
import sys

from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from lrkeras.system.markdown_table import markdown_table

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs/supply.md"
PAGE_TEXT = """# Dependencies and licences

Made by `python tools/hardening/supply.py` with Python {python}. "Allowed" is what `pyproject.toml` allows, "tested" what the tests ran
with here; later versions are allowed, and not tested, unless a bound is given. "-" stands for a package that is not installed where the
page was made.

{table}

Licences are those that the packages declare of themselves.

This page does not say that none of them has a known vulnerability: ask `pip-audit`, and read what it skips. Where its index has no
data on vulnerabilities it skips every package, says "No known vulnerabilities found" all the same and ends with status 0.
"""


def requirements() -> dict[str, tuple[Requirement, list[str]]]:
    """What pyproject.toml asks for, by name, with the extras that ask for it; its own extras left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"always": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, tuple[Requirement, list[str]]] = {}
    for group, texts in groups.items():
        for requirement in map(Requirement, texts):
            if requirement.name != project["name"]:
                found.setdefault(requirement.name, (requirement, []))[1].append(group)
    return found


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
    return [name, ", ".join(groups), str(requirement.specifier) or "any", version, terms]


def main() -> None:
    """Writes the page."""
    rows = [
        row(name, *found)
        for name, found in sorted(requirements().items(), key=lambda i: i[0].lower())
    ]
    table = markdown_table(["package", "for", "allowed", "tested", "licence"], rows)
    python = ".".join(map(str, sys.version_info[:3]))
    PAGE.write_text(PAGE_TEXT.format(python=python, table=table), encoding="utf-8")


if __name__ == "__main__":
    main()
