"""Files that were shipped keep giving the outputs that they gave when they were shipped."""

import json
import pathlib

import numpy as np
import pytest
from load_tool import ROOT
from shipped_outputs import outputs_of

import lrkeras.tasks  # noqa: F401 (registers the classes that a file may name)

KNOWN = json.loads(pathlib.Path(__file__).with_name("shipped_outputs.json").read_text())
FILES = [
    file
    for folder in ("lrkeras/models", "tools/release/models")
    for file in sorted((ROOT / folder).glob("*"))
    if file.suffix in (".keras", ".tflite")
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_outputs_are_those_of_the_day_it_was_shipped(file):
    # Other processors round the sums of 8-bit products elsewhere.
    tolerance = 1e-4 if file.suffix == ".keras" else 0.02
    found, known = outputs_of(file), KNOWN[file.name]
    np.testing.assert_allclose(found, known, rtol=0, atol=tolerance * max(np.abs(known)))


def test_no_file_was_forgotten():
    assert len(FILES) >= 18
    assert {file.name for file in FILES} <= set(KNOWN)
