import json
import pathlib
import subprocess
import sys

import pytest

TOOL = pathlib.Path(__file__).parents[3] / "tools" / "benchmarks" / "bench_compress.py"


@pytest.mark.slow
def test_a_row_for_each_structure(tmp_path):
    out = tmp_path / "rows.json"
    size = ["--units", "48", "--words", "100", "--structures", "low_rank", "--out", str(out)]
    subprocess.run([sys.executable, str(TOOL), *size], check=True, capture_output=True)
    content = json.loads(out.read_text())
    (row,) = content["rows"]
    # Two LSTMs of 48, a table and an output layer of 100 words.
    assert row["parameters"] == 2 * (4 * 48 * 97) + 100 * 48 + 49 * 100
    assert 8 < row["ratio"] < 12
    assert row["peak_mib"] >= row["mib_with_the_model_alone"] > 0
    assert 0 < row["errors"]["lstm_1.recurrent"] < 1
