"""Writes with every command onto a full disk, a read-only one, a folder that is taken away and one that two processes share.

    sudo python tools/hardening/full_disk.py       mounts small disks in a name space of its own; Linux

What is held: one line on the standard error, an exit status that is not 0, the file that stood there before as it was, and nothing
beside it. Of two that write the same at the same moment the file is that of one of them, whole.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from kept_rows import keep_rows

OLD = b"what stood there before"
MODEL = """
import keras, numpy as np
keras.utils.set_random_seed(0)
for units, name in ((32, "model.keras"), (300, "large.keras")):
    model = keras.Sequential([keras.Input((8, 6)), keras.layers.LSTM(units), keras.layers.Dense(3)])
    model.compile("adam", "mse")
    model.save(name)
import lrkeras
lrkeras.convert(keras.saving.load_model("model.keras"), "model.tflite")
"""
FROM_PYTHON = """
import keras, lrkeras, sys
from lrkeras.saving import save_model
model = keras.saving.load_model("large.keras", compile=False)
try:
    save_model(model, sys.argv[1])
except OSError as error:
    sys.exit(f"error: {error}")
"""
FROM_COMMAND_LINE = "import sys, lrkeras_command; sys.exit(lrkeras_command.main(sys.argv[1:]))"
# A command, the file that it writes, and whether it has the file's name among its words.
COMMANDS = {
    "convert": (["convert", "large.keras", "{out}/a.tflite"], "a.tflite"),
    "compress": (["compress", "large.keras", "{out}/a.keras", "--structure", "low_rank", "--compression", "1.2"], "a.keras"),
    "compress --report": (["compress", "model.keras", "b.keras", "--structure", "low_rank", "--compression", "3", "--report", "{out}/a.json"], "a.json"),
    "bench --out": (["bench", "model.tflite", "--rounds", "2", "--no-memory", "--no-cold", "--out", "{out}/a.json"], "a.json"),
    "bench --plot": (["bench", "model.tflite", "--rounds", "2", "--no-memory", "--no-cold", "--plot", "{out}/a.png"], "a.png"),
    "inspect --node-data": (["inspect", "model.tflite", "--node-data", "{out}/a.json"], "a.json"),
    "save from Python": (["{out}/a.keras"], "a.keras"),
    "train": (["train", "word_prediction", "--out", "{out}/run"], None),
    "quickstart": (["quickstart", "--out", "{out}/run"], None),
}  # fmt: skip


def started(
    name: str, inputs: pathlib.Path, out: str, stdout=subprocess.DEVNULL
) -> subprocess.Popen:
    """A command that works in the folder of its inputs, and writes into `out`."""
    words = [word.format(out=out) for word in COMMANDS[name][0]]
    program = FROM_PYTHON if name == "save from Python" else FROM_COMMAND_LINE
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=inputs,
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen) -> subprocess.CompletedProcess:
    """What a command said, once it is over."""
    output, errors = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def environment() -> dict[str, str]:
    """With logs of TensorFlow kept back."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    return {**os.environ, **quiet, "PYTHONPATH": os.getcwd()}


def told(done: subprocess.CompletedProcess) -> list[str]:
    """What a command said of itself, without what TensorFlow's native code says."""
    noise = ("WARNING: All log", "E0000", "W0000", "I0000", "INFO: ", "To enable")
    return [line for line in done.stderr.splitlines() if line and not line.startswith(noise)]


def refused(done: subprocess.CompletedProcess) -> list[str]:
    """What is wrong with how a command refused."""
    said = told(done)
    wrong = [] if done.returncode == 1 else [f"exit status {done.returncode}"]
    if len(said) != 1 or not said[0].startswith("error: "):
        wrong.append(f"said {said[-3:]}")
    return wrong


def small_disk(place: pathlib.Path, size: str, options: str = "") -> None:
    """Mounts a disk of so many bytes."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}{options}", "none", str(place)], check=True)  # fmt: skip


def full(name: str, inputs: pathlib.Path, place: pathlib.Path) -> list[str]:
    """A disk that has less room than the output takes, with an older file of that name."""
    file = COMMANDS[name][1]
    small_disk(place, "64k")
    if file:
        (place / file).write_bytes(OLD)
    if file is None or file.endswith((".json", ".png")):
        # These are small: nothing is left.
        with contextlib.suppress(OSError), open(place / "ballast", "wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
    try:
        wrong = refused(ended(started(name, inputs, str(place))))
        if file:
            wrong += [] if (place / file).read_bytes() == OLD else ["the old file is lost"]
        left = {str(p.relative_to(place)) for p in place.rglob("*") if "run" not in p.parts}
        wrong += [f"left {item}" for item in left - {file, "ballast"}]
        wrong += [f"left {item}" for item in place.rglob(".*.draft")]
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
    return wrong


def read_only(name: str, inputs: pathlib.Path, place: pathlib.Path) -> list[str]:
    """A disk that cannot be written, with an older file of that name."""
    file = COMMANDS[name][1]
    small_disk(place, "64k")
    if file:
        (place / file).write_bytes(OLD)
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    try:
        wrong = refused(ended(started(name, inputs, str(place))))
        left = [item.name for item in place.iterdir()]
        return wrong + ([] if left == ([file] if file else []) else [f"left {left}"])
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def no_output(name: str, inputs: pathlib.Path, place: pathlib.Path) -> list[str]:
    """A standard output that takes nothing."""
    place.mkdir(exist_ok=True)
    with open("/dev/full", "w") as stream:
        done = ended(started(name, inputs, str(place), stdout=stream))
    shutil.rmtree(place)
    return refused(done)


def taken_away(name: str, inputs: pathlib.Path, place: pathlib.Path) -> list[str]:
    """A folder that is deleted while the command works."""
    place.mkdir()
    process = started(name, inputs, str(place))
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None and not list(place.iterdir()):
        time.sleep(0.002)
    shutil.rmtree(place, ignore_errors=True)
    return refused(ended(process)) + (["left the folder"] if place.exists() else [])


def at_once(name: str, inputs: pathlib.Path, place: pathlib.Path) -> list[str]:
    """The same command twice at the same moment."""
    place.mkdir()
    both = [started(name, inputs, str(place)) for _ in range(2)]
    ends = [ended(process) for process in both]
    wrong = [fault for done in ends if done.returncode for fault in refused(done)]
    if all(done.returncode for done in ends):
        wrong.append("both failed")
    left = sorted(item.name for item in place.iterdir())
    if COMMANDS[name][1] and left != [COMMANDS[name][1]]:
        wrong.append(f"left {left}")
    wrong += [f"left {item}" for item in left if item.endswith(".draft")]
    shutil.rmtree(place)
    return wrong


FAULTS = {"full": full, "read-only": read_only, "no output": no_output, "taken away": taken_away, "at once": at_once}  # fmt: skip
# Long ones alone can lose their folder between two writes, and share one.
CASES = {
    "full": list(COMMANDS),
    "read-only": list(COMMANDS),
    "no output": ["convert", "compress", "bench --out", "inspect --node-data"],
    "taken away": ["train"],
    "at once": ["convert", "compress"],
}


def main() -> None:
    """Reads the options, makes the faults, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("faults", nargs="*", help=f"of {', '.join(FAULTS)} (default: all)")
    parser.add_argument("--commands", nargs="+", help=f"of {', '.join(COMMANDS)} (default: all)")
    parser.add_argument("--out", help="JSON file for the rows; rows of other faults in it stay")
    options = parser.parse_args()
    if os.environ.get("LRKERAS_OWN_MOUNTS") != "1":
        # What is mounted goes with this process.
        os.environ["LRKERAS_OWN_MOUNTS"] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    rows: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as name:
        inputs = pathlib.Path(name) / "inputs"
        inputs.mkdir()
        subprocess.run([sys.executable, "-c", MODEL], cwd=inputs, check=True, capture_output=True, env=environment())  # fmt: skip
        for fault in options.faults or FAULTS:
            begun, wrong = time.monotonic(), {}
            cases = [c for c in CASES[fault] if not options.commands or c in options.commands]
            for command in cases:
                found = FAULTS[fault](command, inputs, pathlib.Path(name) / "place")
                wrong |= {command: found} if found else {}
                print(f"{fault}, {command}: {found or 'as it should'}", flush=True)
            rows[fault] = {
                "command": f"python tools/hardening/full_disk.py '{fault}'",
                "tried": len(cases), "refused": len(cases) - len(wrong), "crashed": 0, "wrong": len(wrong),
                "what": wrong, "seconds": round(time.monotonic() - begun),
            }  # fmt: skip
            if options.out:
                keep_rows(options.out, rows)
    if any(row["wrong"] for row in rows.values()):
        sys.exit("error: some commands did something else than refuse in one line")


if __name__ == "__main__":
    main()
