"""Models of every kind go from their owners' files to checked files of ours."""

import dataclasses
import json

import brought_models
import pytest
from load_tool import load_tool

# The tests of importers and forms guard these kinds in every run.
QUICK = ("normalised",)


@pytest.fixture(scope="module")
def tool():
    return load_tool("bring_models")


@pytest.mark.parametrize(
    "brought",
    [
        pytest.param(b, marks=() if b.name in QUICK else pytest.mark.slow, id=b.name)
        for b in brought_models.OWN
    ],
)
def test_a_model_is_read_and_converted(brought, tool, tmp_path):
    if brought.saved_as.startswith("keras_2"):
        pytest.importorskip("tf_keras", reason='needs pip install "lrkeras[saved-model]"')
    row = tool.bring(brought, tmp_path)
    assert row.load is None if brought.saved_as == ".onnx" else row.load < 1e-5
    assert row.float32 < 1e-4, row.float32
    assert row.int8 < 0.1, row.int8
    assert row.stock.startswith(("built-in", "Flex", "refused"))


def test_the_table_has_what_the_page_shows(tool):
    content = load_tool("bring_page", "tools/docs").RESULTS.read_text(encoding="utf-8")
    rows = json.loads(content)["models"]
    assert len(rows) >= 30
    assert {field.name for field in dataclasses.fields(tool.Row)} == set(rows[0])
