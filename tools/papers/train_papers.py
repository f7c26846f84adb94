"""Trains rows of the papers' tables one after the other, each in a folder of its own.

    setsid nohup python tools/papers/train_papers.py --data DIR --out RUNS ptb_small ptb_small_kronecker &

A row that is finished is skipped, one that was stopped goes on, one that fails is reported and the
next one starts. Rows that start from a trained dense model find it in RUNS: put the dense row
before them. `NAME@2` is a row with the seed 2. `--queue FILE` names further rows, one a line (`#`
begins a comment). `lrkeras train papers --list` prints all names.
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import time


def rows_of(options):
    """Names of the rows, in order and once each."""
    names = list(options.rows)
    if options.queue:
        lines = options.queue.read_text(encoding="utf-8").splitlines()
        names += [line.split("#")[0].strip() for line in lines]
    return list(dict.fromkeys(name for name in names if name))


def folder_of(row, out):
    """Where a row is trained."""
    from row_names import run_name

    name, _, seed = row.partition("@")
    return out / run_name(name, int(seed or 1))


def command_of(row, options):
    """The command line of a row."""
    name, _, seed = row.partition("@")
    words = train_words(row, options.data, options.out)
    base = start_of(name)
    if base:
        words += ["--start", str(folder_of(f"{base}@{seed or 1}", options.out))]
    return words


def train_words(row, data, out):
    """The command line that trains a row that starts from none."""
    name, _, seed = row.partition("@")
    words = [sys.executable, "-c", "import sys; from lrkeras.cli import main; sys.exit(main())"]
    words += ["train", f"papers/{name}", "--out", folder_of(row, out)]
    return [str(word) for word in [*words, "--data", data, "--seed", seed or "1"]]


def start_of(name):
    """The dense row from whose trained weights a row starts, or None."""
    from lrkeras.tasks.papers.language_models.rows import config_of

    config = config_of(name)
    return config.base if config.needs_dense else None


def check(options):
    """Ends the program before any row starts if the text or the queue is missing."""
    from lrkeras.datasets.words import PTB_FILES
    from lrkeras.system.required_paths import require_paths

    require_paths(reads=[options.queue])
    if options.data is not None:
        files = [pathlib.Path(options.data) / name for name in PTB_FILES]
        require_paths(reads=files, hint=f"--data must hold {', '.join(PTB_FILES)}.")


def end_rows_too():
    """Lets the row that runs end with this process where it is told to (SIGTERM)."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def main():
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="names of rows, or NAME@SEED")
    parser.add_argument("--queue", type=pathlib.Path, help="a file of names, one a line")
    parser.add_argument("--data", required=True, help="folder of ptb.train.txt")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the runs")
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    failed = []
    check(options)
    rows = rows_of(options)
    if not rows:
        parser.error("expected names of rows, or --queue; got none")
    commands = {row: command_of(row, options) for row in rows}  # names are checked before any runs
    options.out.mkdir(parents=True, exist_ok=True)
    end_rows_too()
    for number, (row, command) in enumerate(commands.items(), 1):
        folder = folder_of(row, options.out)
        if (folder / "result.json").exists():
            print(f"[{number}/{len(rows)}] {row}: finished before", flush=True)
            continue
        print(f"[{number}/{len(rows)}] {row}: starts", flush=True)
        begin = time.perf_counter()
        with open(options.out / f"{folder.name}.log", "a", encoding="utf-8") as log:
            status = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
        minutes = (time.perf_counter() - begin) / 60
        print(f"    {'done' if status == 0 else 'FAILED'} after {minutes:.1f} min", flush=True)
        if status != 0:
            failed.append(row)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; see the logs in {options.out}")


if __name__ == "__main__":
    main()
