"""Kills commands at random moments, gives each command again and compares what it leaves with an undisturbed run.

    python tools/hardening/kill_and_go_on.py                        all, 30 kills each, 4 of tune
    python tools/hardening/kill_and_go_on.py convert --kills 3      some

What is held: the command that is given again ends well, what it leaves equals an undisturbed run's (weights of `.keras` files,
`.tflite` files byte for byte, histories without their seconds), no file under its final name was ever a half one, and neither the
output folder nor the folder of temporary files has anything more than after an undisturbed run.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator

import h5py
from kept_rows import keep_rows

import lrkeras.compression
import lrkeras.tasks.quickstart
import lrkeras.tuning  # noqa: F401 - all is imported before a process is forked
from lrkeras.cli import main as main_of_lrkeras
from lrkeras.tasks import word_prediction

COMMANDS = ("train", "convert", "compress", "quickstart", "tune")
MODEL = """
import keras, numpy as np
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((8, 6)), keras.layers.LSTM(32), keras.layers.Dense(3)])
model.compile("adam", "mse")
model.save("model.keras")
rng = np.random.default_rng(0)
x, y = rng.normal(size=(80, 8, 6)).astype("float32"), rng.normal(size=(80, 3)).astype("float32")
np.savez("data.npz", x=x[:64], y=y[:64], x_val=x[64:], y_val=y[64:])
"""


def words_of(command: str) -> list[str]:
    """The words of a command, run in a folder with `model.keras` and `data.npz`, that writes into `out`."""
    return {
        "train": ["train", "word_prediction", "--out", "out", "--json"],
        "convert": ["convert", "model.keras", "out/model.tflite", "--quantize", "int8"],
        "compress": ["compress", "model.keras", "out/small.keras", "--structure", "low_rank", "--compression", "3", "--report", "out/r.json"],
        "quickstart": ["quickstart", "--out", "out", "--rounds", "3", "--json"],
        "tune": ["tune", "model.keras", "--data", "data.npz", "--budget", "20 kB", "--candidates", "rivals", "--trials", "12", "--epochs", "1", "--workers", "1", "--out", "out", "--json"],
    }[command]  # fmt: skip


class Place:
    """A folder to run a command in, with its own folder of temporary files."""

    def __init__(self, root: pathlib.Path, inputs: pathlib.Path):
        shutil.rmtree(root, ignore_errors=True)
        self.root, self.out, self.temporary = root, root / "out", root / "tmp"
        for folder in (self.out, self.temporary):
            folder.mkdir(parents=True)
        for file in inputs.iterdir():
            shutil.copy(file, root)

    def start(self, command: str) -> int:
        """Starts a command in a process of its own, and returns its id.

        The process is a fork of this one, which has imported all and run nothing: importing would take most of each run.
        """
        process = os.fork()
        if process:
            return process
        status = 70
        try:
            log = os.open(self.root / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for stream in (1, 2):
                os.dup2(log, stream)
            os.chdir(self.root)
            os.environ["TMPDIR"], tempfile.tempdir = str(self.temporary), None
            if command in ("train", "quickstart"):
                make_small(("dense",) if command == "train" else ("dense", "doped_kronecker"))
            status = main_of_lrkeras(words_of(command))
            sys.stdout.flush()
        finally:
            os._exit(status)


def make_small(models: tuple[str, ...]) -> None:
    """Makes the preset `tiny` one whose run takes seconds."""
    tiny = word_prediction.PRESETS["tiny"]
    word_prediction.PRESETS["tiny"] = dataclasses.replace(
        tiny,
        num_words=50,
        units=32,
        embedding_dim=16,
        compression=4,
        window=8,
        batch_size=8,
        steps_per_epoch=6,
        epochs=3,
        warmup_steps=2,
        max_train_tokens=3000,
        max_valid_tokens=200,
        models=models,
    )


def ended(process: int) -> bool:
    """Whether a process is over; once it is, it may not be asked again."""
    return os.waitpid(process, os.WNOHANG)[0] != 0


def status_of(process: int) -> int:
    """Waits for a process and returns its exit status."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def visible_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Files under a final name; a command that works there may take away any of the others meanwhile."""
    for place, folders, names in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name not in ("ray", "tensorboard")
        ]
        yield from (pathlib.Path(place, name) for name in names if not name.startswith("."))


def half_files(folder: pathlib.Path) -> list[str]:
    """Files under a final name that are not whole."""
    bad = []
    for file in visible_files(folder):
        if file.suffix not in (".keras", ".npz", ".json", ".tflite", ".png"):
            continue
        try:
            if file.suffix in (".keras", ".npz"):
                with zipfile.ZipFile(file) as archive:
                    whole = archive.testzip() is None
            elif file.suffix == ".json":
                json.loads(file.read_text(encoding="utf-8"))
                whole = True
            elif file.suffix == ".tflite":
                whole = file.read_bytes()[4:8] == b"TFL3"
            else:
                whole = file.read_bytes().endswith(b"IEND\xaeB`\x82")
        except (zipfile.BadZipFile, ValueError):
            whole = False
        if not whole:
            bad.append(str(file.relative_to(folder)))
    return bad


def content_of(folder: pathlib.Path) -> dict[str, str]:
    """What a run left, by name: what must be the same as a digest, times and the like as nothing."""
    found = {}
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        if not file.is_file() or name.startswith(("ray/", "tensorboard/")):
            continue
        found[name] = ""
        if any(part.startswith(".") for part in file.relative_to(folder).parts):
            continue
        if file.suffix == ".keras":
            found[name] = digest(weights_in(file))
        elif file.suffix == ".tflite":
            found[name] = digest(file.read_bytes())
        elif file.suffix == ".csv":
            with open(file, newline="") as rows:
                kept = [
                    {k: v for k, v in row.items() if "seconds" not in k}
                    for row in csv.DictReader(rows)
                ]
            found[name] = digest(json.dumps(kept).encode())
    return found


def weights_in(file: pathlib.Path) -> bytes:
    """All arrays of a `.keras` file with their names; the rest of it has the time at which it was saved."""
    arrays: list[bytes] = []

    def add(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            arrays.append(name.encode() + item[()].tobytes())

    with zipfile.ZipFile(file) as archive, archive.open("model.weights.h5") as stream:
        h5py.File(io.BytesIO(stream.read())).visititems(add)
    return b"".join(sorted(arrays))


def digest(content: bytes) -> str:
    """A short SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def undisturbed(command: str, place: Place) -> tuple[float, dict[str, str], list[str]]:
    """Seconds, what was left, and what lies in the folder of temporary files."""
    begun = time.monotonic()
    if status_of(place.start(command)):
        sys.exit(f"error: {command} failed: {(place.root / 'log').read_text()[-2000:]}")
    return time.monotonic() - begun, content_of(place.out), temporary(place)


def temporary(place: Place) -> list[str]:
    """What is left in the folder of temporary files, without those of Ray and TensorFlow."""
    items = place.temporary.iterdir()
    # Keras makes a folder with an empty folder for assets in it whenever it saves, in a place that nobody can choose.
    names = (
        item.name
        for item in items
        if not item.is_dir() or any(map(os.path.isfile, item.rglob("*")))
    )
    return sorted(name for name in names if not name.startswith(("ray", "__autograph")))


def kill_once(command: str, place: Place, seconds: float, expected: dict[str, str]) -> list[str]:
    """Kills a command after so many seconds, gives it again, and returns what is wrong."""
    process = place.start(command)
    wrong: list[str] = []
    end = time.monotonic() + seconds
    over = False
    while time.monotonic() < end and not over:
        wrong += [f"half: {name}" for name in half_files(place.out)]
        time.sleep(0.02)
        over = ended(process)
    if not over:
        os.kill(process, signal.SIGKILL)
        status_of(process)
    wrong += [f"half: {name}" for name in half_files(place.out)]
    status = status_of(place.start(command))
    if status:
        last = (place.root / "log").read_text().strip().splitlines()[-1:]
        return [*wrong, f"again: status {status}: {last}"]
    found = content_of(place.out)
    wrong += [f"other: {name}" for name in expected if found.get(name) != expected[name]]
    wrong += [f"stale: {name}" for name in found if name not in expected]
    return [*wrong, *(f"stale: {name}" for name in temporary(place))]


def main() -> None:
    """Reads the options, kills, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help=f"of {', '.join(COMMANDS)} (default: all)")
    parser.add_argument("--kills", type=int, help="of each command (default: 30, and 4 of tune)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    parser.add_argument("--out", help="JSON file for the rows; rows of other commands in it stay")
    options = parser.parse_args()
    unknown = set(options.commands) - set(COMMANDS)
    if unknown:
        parser.error(f"expected commands of {', '.join(COMMANDS)}; received {', '.join(unknown)}")
    moments, rows = random.Random(options.seed), {}
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        inputs = root / "inputs"
        inputs.mkdir()
        subprocess.run([sys.executable, "-c", MODEL], cwd=inputs, check=True, capture_output=True)
        for command in options.commands or COMMANDS:
            begun = time.monotonic()
            seconds, expected, _ = undisturbed(command, Place(root / "whole", inputs))
            kills = options.kills or (4 if command == "tune" else 30)
            wrong = {}
            for number in range(kills):
                moment = moments.uniform(0.05, 1.02) * seconds
                found = kill_once(command, Place(root / "killed", inputs), moment, expected)
                if found:
                    wrong[f"kill {number} after {moment:.2f} s"] = sorted(set(found))
                print(
                    f"{command} {number + 1}/{kills} {moment:.1f} s: {found or 'as undisturbed'}",
                    flush=True,
                )
            rows[command] = {
                "command": f"python tools/hardening/kill_and_go_on.py {command} --kills {kills} --seed {options.seed}",
                "tried": kills, "refused": 0, "crashed": 0, "wrong": len(wrong), "what": wrong,
                "seconds": round(time.monotonic() - begun), "seconds_undisturbed": round(seconds, 1),
            }  # fmt: skip
    if options.out:
        keep_rows(options.out, rows)
    if any(row["wrong"] for row in rows.values()):
        sys.exit("error: some kills left something else than an undisturbed run")


if __name__ == "__main__":
    main()
