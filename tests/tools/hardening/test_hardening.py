"""The short forms of what `tools/test.sh --all` runs whole."""

import json
import subprocess
import sys

import pytest
from load_tool import tool_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("mutate_files", ["--kinds", "tflite sparse,wav", "--most", "4"]),
        ("run_long", ["--short", "--only", "stream_steps"]),
        ("extreme_numbers", ["--cells", "LSTM", "--steps", "300"]),
    ],
)
@pytest.mark.slow  # tests of files, runners and cells try the same in small
def test_short_form(tmp_path, tool, words):
    out = tmp_path / "report.json"
    words = [sys.executable, str(tool_file(tool)), *words, "--out", str(out)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for row in json.loads(out.read_text())["rows"]:
        if tool == "mutate_files":
            assert row["refused"] + row["accepted"] == row["tried"]
        elif tool == "extreme_numbers":
            # On AVX-512 also the steps of 1e30 and 1e38.
            assert not row["wrong"] and 3 <= row["refused"] <= 5 and "told" not in row
        else:
            assert row["equal"]
