import json

import pytest
from load_tool import load_tool

from lrkeras.benchmark.call_overhead import smallest_model


@pytest.fixture
def run(capsys):
    """Runs the tool in this process; returns its status, output and errors."""
    tool = load_tool("benchmark")

    def call(*arguments):
        status = tool.main(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_times_files(run, tmp_path):
    path = tmp_path / "small.tflite"
    path.write_bytes(smallest_model())
    status, output, errors = run(str(path), str(path), "--rounds", "3", "--no-memory", "--json")
    assert status == 0, errors
    report = json.loads(output)
    assert [row["count"] for row in report["files"]] == [30, 30]


def test_failure_is_one_line_and_a_status(run, tmp_path):
    status, _, errors = run(str(tmp_path / "missing.tflite"))
    assert status == 1 and "Traceback" not in errors
    assert errors.strip().splitlines()[-1].startswith("benchmark: No file")
