import json
import os

import keras
import pytest
from load_tool import load_tool

from lrkeras import layers


@pytest.fixture
def run(capsys):
    """Runs the tool in this process; returns its status, output and errors."""
    tool = load_tool("convert")

    def call(*arguments):
        status = tool.main(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tool")
    layer = layers.LSTM(32, joint_structure="kronecker")
    keras.Sequential([keras.Input((None, 16)), layer]).save(folder / "model.keras")
    return folder


def test_converts_a_saved_model(run, folder):
    path = str(folder / "model.tflite")
    status, output, errors = run(
        str(folder / "model.keras"), path, "--quantize", "float16", "--json"
    )
    assert status == 0, errors
    report = json.loads(output)
    assert report["quantize"] == "float16" and report["file_bytes"] == os.path.getsize(path)


def test_failure_is_one_line_and_a_status(run, folder):
    path = str(folder / "wrong.tflite")
    status, _, errors = run(str(folder / "model.keras"), path, "--quantize", "int3")
    assert status == 1 and not os.path.exists(path)
    last = errors.strip().splitlines()[-1]
    assert last.startswith("convert: Expected `quantize`") and "Traceback" not in errors
