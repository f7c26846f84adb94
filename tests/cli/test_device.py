"""`lrkeras device`, and a pace for `lrkeras bench`, as a user calls them."""

import json
import pathlib

import pytest
from failing_command import fails

from lrkeras.benchmark.call_overhead import smallest_model
from lrkeras.cli import main

pytest.importorskip("jsonschema")

OF_THE_APP = (
    pathlib.Path(__file__).parents[2] / "android_demo/app/src/test/resources/benchmark.json"
)


def test_table_plot_and_json(tmp_path, capsys):
    table, plot = tmp_path / "table.md", tmp_path / "plot.png"
    words = ["device", OF_THE_APP, "--out", table, "--plot", plot]
    assert main([str(word) for word in words]) == 0
    assert "keystroke" in capsys.readouterr().out
    assert plot.read_bytes().startswith(b"\x89PNG") and table.read_text().startswith("| phone |")
    assert main([str(word) for word in (*words, "--every", "--json")]) == 0
    content = json.loads(capsys.readouterr().out)
    assert len(table.read_text().splitlines()) == 2 + len(content["rows"])


def test_bad_input_leaves_nothing(tmp_path, capsys):
    out, wrong = tmp_path / "table.md", tmp_path / "wrong.json"
    wrong.write_text("{}")
    error = fails(capsys, "device", OF_THE_APP, wrong, "--out", out, "--plot", tmp_path / "p.png")
    assert "wrong.json" in error and "required property" in error
    assert "No file" in fails(capsys, "device", tmp_path / "none.json", "--out", out)
    assert not out.exists() and not (tmp_path / "p.png").exists()


def test_a_pace_on_the_command_line(tmp_path, capsys):
    path = tmp_path / "smallest.tflite"
    path.write_bytes(smallest_model())
    words = ["bench", path, "--rounds", "1", "--no-memory", "--no-cold", "--paced"]
    assert main([str(word) for word in (*words, "0.002s", "--json")]) == 0
    (row,) = json.loads(capsys.readouterr().out)["files"]
    assert row["paced"]["period_ms"] == 2 and row["paced"]["count"] > 0
    assert main([str(word) for word in (*words, "2 ms")]) == 0
    assert "every 2 ms" in capsys.readouterr().out
    for pace in ("10", "fast", "1.2.3ms"):
        error = fails(capsys, *words, pace, status=2)
        assert "expected a time such as 10ms" in error
    assert "pace of 0.1 to 1000 ms" in fails(capsys, *words, "5s")
