"""Trains the rows of the AN4 table one after the other, each at the learning rate that suits it.

    setsid nohup python tools/papers/train_an4.py --data DIR --out RUNS --queue tools/papers/papers_queue_an4.txt &

For each kind of row it first trains three short runs, alike but for the learning rate, in RUNS; the
one with the lowest CTC loss on the validation speakers says at which rate the rows of this kind are
trained. A run that is finished is skipped, one that was stopped goes on. `NAME@2` is a row with the
seed 2.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

# Times the rate of the base; the same for all kinds.
RATES = (1, 0.5, 0.2)
SHORT_EPOCHS = 15


def short_names(name):
    """The names of the short runs from which the rate of a row is chosen."""
    return [f"{at_rate(name, rate)}_e{SHORT_EPOCHS}" for rate in RATES]


def at_rate(name, rate):
    """The name of a row at a rate."""
    return name if rate == 1 else f"{name}_rate{rate:g}"


def chosen_rate(losses):
    """The rate of the lowest validation loss; `losses` by rate. One that is no number is never."""
    return min(
        losses, key=lambda rate: losses[rate] if losses[rate] == losses[rate] else float("inf")
    )


def result_of(name, seed, data, out):
    """What is in the result of a run, which is trained if it is not there."""
    from train_papers import folder_of, train_words

    row = f"{name}@{seed}"
    folder = folder_of(row, out)
    file = folder / "result.json"
    if not file.exists():
        print(f"{folder.name}: starts", flush=True)
        with open(out / f"{folder.name}.log", "a", encoding="utf-8") as log:
            subprocess.run(train_words(row, data, out), stdout=log, stderr=log, check=True)
    return json.loads(file.read_text(encoding="utf-8"))


def train_row(row, data, out):
    """Chooses the rate of a row and trains it."""
    name, _, seed = row.partition("@")
    losses = {
        rate: result_of(short, 1, data, out)["history"]["val_loss"][-1]
        for rate, short in zip(RATES, short_names(name), strict=True)
    }
    rate = chosen_rate(losses)
    print(f"{name}: rate {rate:g} of {losses}", flush=True)
    result_of(at_rate(name, rate), int(seed or 1), data, out)


def main():
    """Runs the command line."""
    from train_papers import rows_of

    from lrkeras.datasets.an4 import TRANSCRIPTS
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.papers.an4.rows import config_of

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="names of rows, or NAME@SEED")
    parser.add_argument("--queue", type=pathlib.Path, help="a file of names, one a line")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of etc/ and feat/")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the runs")
    options = parser.parse_args()
    require_paths(
        reads=[options.queue, options.data / TRANSCRIPTS], hint="--data must hold etc/ and feat/."
    )
    rows = rows_of(options)
    if not rows:
        parser.error("expected names of rows, or --queue; got none")
    for row in rows:
        config_of(row.partition("@")[0])  # before any runs
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    options.out.mkdir(parents=True, exist_ok=True)
    failed = []
    for row in rows:
        try:
            train_row(row, options.data, options.out)
        except subprocess.CalledProcessError:
            failed.append(row)
            print(f"{row}: FAILED", flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; see the logs in {options.out}")


if __name__ == "__main__":
    main()
