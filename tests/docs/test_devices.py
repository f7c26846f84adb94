"""The results that phones sent, and the page of them."""

import pathlib

import pytest
from load_tool import load_tool

from lrkeras.benchmark import DeviceResult

pytest.importorskip("jsonschema")

ROOT = pathlib.Path(__file__).parents[2]
FILES = sorted((ROOT / "docs/devices/results").glob("*"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_result_is_one(file):
    result = DeviceResult.read(file)
    assert file.suffix == ".json" and file.stat().st_size < 2_000_000
    made_up = [text for text in result.warnings if text.endswith("made up, of no phone")]
    assert bool(made_up) == (file.name == "sample.json")


def test_the_page_has_them_all():
    page = load_tool("device_page", "tools/docs")
    text = page.table()
    for file in FILES:
        assert DeviceResult.read(file).phone in text
    assert f"<!-- {page.PLACE} -->" in (ROOT / "docs/devices/index.md").read_text(encoding="utf-8")
