"""Trains the rows of translation one after the other, each at the learning rate that suits its kind.

    setsid nohup nice python tools/papers/train_translation.py --data DIR --out RUNS \
        --queue tools/papers/papers_queue_translation.txt &

DIR holds the folder `raw` of Multi30k. For each kind of matrices four short runs of 256 units are
trained first, alike but for the learning rate, in RUNS; the one with the lowest validation loss says
at which rate all rows of this kind are trained. A run that is finished is skipped, one that was
stopped goes on, one that fails is reported and the next one starts. `NAME@2` is a row with the seed
2. What is needed beside: pip install "lrkeras[translation]".
"""

import argparse
import os
import pathlib
import subprocess
import sys

# Times the rate of the base; the same for all kinds.
RATES = (1, 2, 4, 0.5)
SHORT_EPOCHS = 3
_CHOSEN_AT = "multi30k_256", 10


def short_names(name):
    """The names of the short runs from which the rate of a row is chosen."""
    from train_an4 import at_rate

    from lrkeras.tasks.papers.translation.rows import config_of, row_name

    base, size = _CHOSEN_AT
    method = config_of(name).method
    row = base if method == "dense" else row_name(base, method, size)
    return [f"{at_rate(row, rate)}_e{SHORT_EPOCHS}" for rate in RATES]


def train_row(row, data, out):
    """Chooses the rate of a row and trains it."""
    from train_an4 import at_rate, chosen_rate, result_of

    name, _, seed = row.partition("@")
    losses = {
        rate: result_of(short, 1, data, out)["valid_loss"]
        for rate, short in zip(RATES, short_names(name), strict=True)
    }
    rate = chosen_rate(losses)
    print(f"{name}: rate {rate:g} of {losses}", flush=True)
    result_of(at_rate(name, rate), int(seed or 1), data, out)


def main():
    """Runs the command line."""
    from train_papers import rows_of

    from lrkeras.datasets.multi30k import FOLDER
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.papers.translation.rows import config_of

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="names of rows, or NAME@SEED")
    parser.add_argument("--queue", type=pathlib.Path, help="a file of names, one a line")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="the folder of raw/")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the runs")
    options = parser.parse_args()
    require_paths(reads=[options.queue, options.data / FOLDER], hint="--data must hold raw/.")
    rows = rows_of(options)
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
