"""Training the rows of a queue one after the other, each at the learning rate that suits its kind.

For each kind of row short runs are trained first, alike but for the learning rate; the one with the
lowest validation loss says at which rate all rows of this kind are trained. A run that is finished
is skipped, one that was stopped goes on, one that fails is reported and the next one starts.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class RowsAtRates:
    """How the rows of a recipe are trained.

    Attributes:
        rates: what the rate of the base is multiplied by, the same for all kinds.
        short_names: gives the names of the short runs of a row, one a rate.
        loss_of: gives the validation loss of a result.
        config_of: gives the config of a name; raises `ValueError` for one that means nothing.
        needed: what the folder of the data must hold.
        hint: a sentence on that.
    """

    rates: tuple[float, ...]
    short_names: Callable
    loss_of: Callable
    config_of: Callable
    needed: str
    hint: str

    def train_row(self, row, data, out):
        """Chooses the rate of a row and trains it."""
        name, _, seed = row.partition("@")
        losses = {
            rate: self.loss_of(result_of(short, 1, data, out))
            for rate, short in zip(self.rates, self.short_names(name), strict=True)
        }
        rate = chosen_rate(losses)
        print(f"{name}: rate {rate:g} of {losses}", flush=True)
        result_of(at_rate(name, rate), int(seed or 1), data, out)

    def main(self, description):
        """Runs the command line of a tool; `description` is what its help says."""
        from train_papers import end_rows_too, rows_of

        from lrkeras.system.required_paths import require_paths

        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("rows", nargs="*", help="names of rows, or NAME@SEED")
        parser.add_argument("--queue", type=pathlib.Path, help="a file of names, one a line")
        parser.add_argument("--data", type=pathlib.Path, required=True, help=self.hint)
        parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the runs")
        options = parser.parse_args()
        require_paths(reads=[options.queue, options.data / self.needed], hint=self.hint)
        rows = rows_of(options)
        if not rows:
            parser.error("expected names of rows, or --queue; got none")
        for row in rows:
            self.config_of(row.partition("@")[0])  # before any runs
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        options.out.mkdir(parents=True, exist_ok=True)
        failed = []
        end_rows_too()
        for row in rows:
            try:
                self.train_row(row, options.data, options.out)
            except subprocess.CalledProcessError:
                failed.append(row)
                print(f"{row}: FAILED", flush=True)
        if failed:
            sys.exit(f"failed: {', '.join(failed)}; see the logs in {options.out}")


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
