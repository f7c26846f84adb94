"""Folders of scripts are on the path of the tests: none of their names may hide a package."""

import importlib.metadata
import pathlib
import sys


def test_no_script_hides_a_package_or_another_script(pytestconfig):
    folders = map(pathlib.Path, pytestconfig.getini("pythonpath"))
    names = [file.stem for folder in folders for file in folder.glob("*.py")]
    names = [name for name in names if name != "conftest" and not name.startswith("test_")]
    assert len(names) > 30
    assert len(names) == len(set(names))
    installed = importlib.metadata.packages_distributions()
    others = {name for name, owners in installed.items() if set(owners) != {"lrkeras"}}
    assert not set(names) & (others | sys.stdlib_module_names)
