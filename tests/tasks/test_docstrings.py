"""What the examples in docstrings promise is what they give."""

import doctest
import importlib
import pathlib

import pytest
from load_tool import ROOT

MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for folder in ("tasks", "datasets")
    for file in sorted((ROOT / "lrkeras" / folder).rglob("*.py"))
    if ">>>" in pathlib.Path(file).read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name):
    module = importlib.import_module(name)
    assert "+SKIP" not in pathlib.Path(module.__file__).read_text(encoding="utf-8")
    assert doctest.testmod(module, raise_on_error=True).attempted > 0


def test_modules_were_found():
    assert "lrkeras.tasks.keyboard.suggester" in MODULES
