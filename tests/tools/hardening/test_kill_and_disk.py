"""A kill, a full disk and a full output, in short; the tools have the rest."""

import os
import subprocess
import sys

import pytest
from load_tool import ROOT, tool_file

from lrkeras.cli import main


def run_tool(name, *words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, str(tool_file(name)), *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed")
@pytest.mark.parametrize(
    ("command", "kills"),
    [
        *((name, 30) for name in ("compress", "convert")),
        *((name, 5) for name in ("train", "quickstart")),
    ],
)
@pytest.mark.slow  # tests of the tasks kill trainings in every run
def test_a_killed_command_goes_on_to_the_same(command, kills):
    done = run_tool("kill_and_go_on", command, "--kills", str(kills))
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert f"{command} {kills}/{kills}" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="disks are mounted by root"
)
def test_full_and_read_only_disks():
    done = run_tool("full_disk")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_an_output_that_takes_nothing_is_told_in_one_line(monkeypatch, capsys):
    with open("/dev/full", "w") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        assert main(["train", "word_prediction", "--list"]) == 1
    assert capsys.readouterr().err == "error: No space left on device: standard output\n"
