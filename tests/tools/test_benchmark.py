import json

from load_tool import load_tool

from lrkeras.benchmark.call_overhead import smallest_model


def test_it_is_the_bench_command(tmp_path, capsys):
    path = tmp_path / "small.tflite"
    path.write_bytes(smallest_model())
    tool = load_tool("benchmark")
    assert tool.main([str(path), str(path), "--rounds", "3", "--no-memory", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["count"] for row in report["files"]] == [30, 30]
    assert tool.main([str(tmp_path / "missing.tflite")]) == 1
    assert capsys.readouterr().err.startswith("error: No file")
