"""The page of dependencies names all of them, each with a lower bound that was tested."""

import re

from dependencies import lowest, requirements
from load_tool import load_tool
from packaging.requirements import Requirement
from version_row import counts


def test_the_page_names_every_dependency_and_each_has_a_lower_bound():
    supply = load_tool("supply")
    found = re.findall(r"^\| ([\w.-]+)", supply.PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(found) - {"package", "command", "---"} == set(requirements()), (
        "run tools/hardening/supply.py"
    )
    assert not [name for name, (wanted, _) in requirements().items() if lowest(wanted) is None]


def test_a_lower_bound_is_read_from_a_requirement():
    assert lowest(Requirement("a<2,>=1.6")) == "1.6"
    assert lowest(Requirement("a~=3.1")) == "3.1"
    assert lowest(Requirement("a<4,!=3.2")) is None


def test_tests_of_a_report_are_counted(tmp_path):
    report = tmp_path / "tests.xml"
    report.write_text(
        '<testsuites><testsuite errors="1" failures="2" skipped="3" tests="10" time="7.6"/>'
        "</testsuites>"
    )
    assert counts(report) == {"passed": 4, "failed": 3, "skipped": 3, "seconds": 8}
