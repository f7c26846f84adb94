"""Tools that measure for minutes say at once what they lack, in a line."""

import subprocess
import sys

import pytest
from load_tool import ROOT, load_tool

CASES = [
    (["bench_chunks", "--out", "{none}/x.json"], "no folder"),
    (["bench_compress", "--out", "{none}/x.json"], "no folder"),
    (["bench_products", "--out", "{none}/x.json"], "no folder"),
    (["bench_runner", "--out", "{none}/x.json"], "no folder"),
    (["bench_deploy", "--out", "{tmp}"], "received the folder"),
    (["bench_training", "--out", "{tmp}"], "received the folder"),
    (["check_runtimes", "--old-python", "{none}/python"], "test_runtimes.sh makes"),
    (["compress_textgenrnn", "--data", "{none}", "--out", "{tmp}/x.json"], "--data is textgen"),
    (["compress_textgenrnn", "--data", "{tmp}", "--out", "{tmp}/x.json"], "hacker_news.hdf5"),
    (["compress_textgenrnn", "--data", "{tmp}", "--out", "{tmp}/x", "--models", "y"], "'y'"),
    (["train_papers", "--data", "{none}", "--out", "{tmp}/runs", "tiny"], "--data must hold ptb"),
    (["train_papers_side_by_side", "--data", "{tmp}", "--out", "{tmp}/r", "tiny"], "ptb.test.txt"),
    (["train_an4", "--data", "{none}", "--out", "{tmp}/runs", "an4"], "--data must hold etc/"),
    (["report_an4", "{none}", "--out", "{tmp}/x.json"], "none"),
    (["train_intents", "--data", "{none}", "--out", "{tmp}/runs", "snips"], "none"),
    (["report_intents", "{none}", "--keep", "{tmp}/k", "--out", "{tmp}/x.json"], "none"),
    (["train_elmo", "--data", "{none}", "--out", "{tmp}/runs", "elmo"], "--data must hold the fol"),
    (["report_elmo", "{none}", "--out", "{tmp}/x.json"], "none"),
    (["train_translation", "--data", "{none}", "--out", "{tmp}/r", "multi30k"], "must hold raw/"),
    (["report_translation", "{none}", "--keep", "{tmp}/k", "--out", "{tmp}/x.json"], "none"),
    (["time_translation", "{none}", "--out", "{tmp}/x.json"], "none"),
    (["time_intents", "{none}", "--out", "{tmp}/x.json"], "none"),
    (["time_papers", "{none}.json"], "none.json"),
    (["report_papers", "{none}", "--out", "{tmp}/x.json"], "none"),
    (["report_papers", "{tmp}", "--out", "{none}/x.json"], "no folder"),
]


@pytest.mark.parametrize(("words", "message"), CASES, ids=lambda value: str(value[0]))
def test_one_line(words, message, tmp_path, monkeypatch):
    name, *options = words
    options = [text.format(none=tmp_path / "none", tmp=tmp_path) for text in options]
    monkeypatch.setattr(sys, "argv", [name, *options])
    with pytest.raises(SystemExit) as stopped:
        load_tool(name).main()
    line = str(stopped.value.code)  # Python prints it and leaves with the status 1
    assert line.startswith("error: ") and message in line and "\n" not in line
    assert not list(tmp_path.iterdir())


def test_the_ngram_script_names_the_file_that_is_missing(tmp_path):
    script = ROOT / "tools" / "release" / "train_ngram.sh"
    done = subprocess.run(
        ["bash", script, tmp_path, tmp_path / "out"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: no file {tmp_path}/sgd-text/train.tsv; DATA must hold")
    assert "3.5e-6" in script.read_text(encoding="utf-8")
