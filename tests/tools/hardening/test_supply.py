"""The page of dependencies names all of them, each with a lower bound."""

import re

from load_tool import load_tool


def test_the_page_names_every_dependency_and_each_has_a_lower_bound():
    supply = load_tool("supply")
    wanted = supply.requirements()
    found = re.findall(r"^\| ([\w.-]+)", supply.PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(found) - {"package"} - {"---"} == set(wanted), "run tools/hardening/supply.py"
    without = [
        name
        for name, (requirement, _) in wanted.items()
        if not any(part.operator in (">=", "==", "~=") for part in requirement.specifier)
    ]
    assert not without
