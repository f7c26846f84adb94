"""What pyproject.toml asks for; by itself it prints the lowest version of each, as constraints for pip.

python tools/hardening/dependencies.py

It needs nothing of the package, which is not there yet where pip asks for these.
"""

from __future__ import annotations

import pathlib
import sys

from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).parents[2]


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


def lowest(requirement: Requirement) -> str | None:
    """The lower bound of a requirement, or None if it has none."""
    bounds = [part.version for part in requirement.specifier if part.operator in (">=", "==", "~=")]
    return bounds[0] if bounds else None


def main() -> None:
    """Prints the constraints."""
    for name, (requirement, _) in requirements().items():
        print(f"{name}=={lowest(requirement)}")


if __name__ == "__main__":
    main()
