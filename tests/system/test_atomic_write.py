"""Files appear whole or not at all, and nothing of a killed process stays."""

import os
import pathlib
import signal
import subprocess
import sys
import threading

import pytest

from lrkeras.system.atomic_write import write_text, written_whole
from lrkeras.system.held_folder import held_alone, scratch_folder

# As the command does, without Keras.
QUICK = "import lrkeras_command\n"
# Says that it is there, and waits for its end.
WAITS = "print('there', flush=True); import time; time.sleep(60)"


def run_until_it_waits(program, **options):
    process = subprocess.Popen(
        [sys.executable, "-c", QUICK + program + WAITS],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        **options,
    )
    assert process.stdout.readline() == "there\n"
    return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def drafting(path):
    return (
        "from lrkeras.system.atomic_write import written_whole\n"
        f"draft = written_whole({str(path)!r})\n"
        "draft.__enter__().write_text('half')\n"
    )


def test_what_stood_there_stays_whole_until_the_block_succeeds(tmp_path):
    file = tmp_path / "model.tflite"
    file.write_text("old")
    with pytest.raises(RuntimeError), written_whole(file) as draft:
        assert draft.suffix == ".tflite" and not draft.exists()
        draft.write_text("half")
        raise RuntimeError
    assert file.read_text() == "old"
    with written_whole(file) as draft:
        draft.write_text("new")
    assert file.read_text() == "new" and os.listdir(tmp_path) == ["model.tflite"]
    mask = os.umask(0)
    os.umask(mask)
    assert file.stat().st_mode & 0o777 == 0o666 & ~mask


def test_the_next_write_takes_the_draft_of_a_killed_process_away_and_of_no_other(tmp_path):
    killed, working = (
        run_until_it_waits(drafting(tmp_path / name)) for name in ("one.json", "two.json")
    )
    kill(killed)
    assert len(list(tmp_path.glob(".*.draft"))) == 2
    write_text(tmp_path / "three.json", "3")
    try:
        (left,) = tmp_path.glob(".*.draft")
        assert left.name.startswith(".two.json.") and (left / "two.json").read_text() == "half"
    finally:
        kill(working)
    write_text(tmp_path / "three.json", "4")
    assert os.listdir(tmp_path) == ["three.json"]


def test_scratch_folders_of_killed_processes_go_too(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    kill(
        run_until_it_waits(
            "from lrkeras.system.held_folder import scratch_folder\n"
            "held = scratch_folder(); open(held.__enter__() + '/file', 'w').close()\n"
        )
    )
    assert len(os.listdir(tmp_path)) == 1
    with scratch_folder() as mine:
        assert os.listdir(tmp_path) == [pathlib.Path(mine).name]
    assert not os.listdir(tmp_path)


def test_a_folder_is_held_by_one_process_and_one_thread(tmp_path):
    program = (
        "import pathlib; from lrkeras.system.held_folder import held_alone\n"
        f"held = held_alone(pathlib.Path({str(tmp_path)!r})); held.__enter__()\n"
    )
    other = run_until_it_waits(program)
    with pytest.raises(BlockingIOError, match="another folder"), held_alone(tmp_path):
        pass
    kill(other)
    refused = []

    def try_it():
        try:
            with held_alone(tmp_path):
                pass
        except BlockingIOError as error:
            refused.append(error)

    with held_alone(tmp_path), held_alone(tmp_path):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert len(refused) == 1
    try_it()
    assert len(refused) == 1


def test_errors_name_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, written_whole(tmp_path / "no" / "a.json"):
        pass
    assert caught.value.filename == str(tmp_path / "no" / "a.json")
    with pytest.raises(FileNotFoundError) as caught, written_whole(tmp_path / "a.json"):
        pass  # and writes nothing
    assert caught.value.filename == str(tmp_path / "a.json")
    with pytest.raises(IsADirectoryError, match="folder"), written_whole(tmp_path):
        pass
    with pytest.raises(OSError, match="No space") as caught:
        write_text("/dev/full", "much " * 10_000)
    assert caught.value.filename in (None, "/dev/full")
    assert not os.listdir(tmp_path)


def test_a_device_stays_a_device_and_a_link_a_link(tmp_path):
    pipe, link, file = tmp_path / "pipe", tmp_path / "link.json", tmp_path / "file.json"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    read = []
    reader.start()
    write_text(pipe, "said")
    reader.join()
    assert read == ["said\n"] and pipe.is_fifo()
    link.symlink_to(file)
    write_text(link, "new")
    assert link.is_symlink() and file.read_text() == "new\n"
