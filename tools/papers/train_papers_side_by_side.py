"""Trains many rows of the papers' tables at the same time where there is a GPU, else one by one.

    KERAS_BACKEND=jax python tools/papers/train_papers_side_by_side.py --data DIR --out RUNS ROWS
    KERAS_BACKEND=tensorflow python tools/papers/train_papers_side_by_side.py --finish --out RUNS ROWS

Rows of one size and schedule make one JAX program, in which a GPU takes the steps of all of them
together; what each row learns is what `tools/papers/train_papers.py` makes it learn, but for the rounding
of its products. Rows that start from a trained dense model come after the others. A processor,
which one row keeps busy, trains them one after the other, in two thirds of the time that TensorFlow
takes; start the tool once for each core. `--finish` then measures the converted files on a
processor and writes the `result.json` of each. Names are those of `tools/papers/train_papers.py`.
"""

import argparse
import functools
import os
import pathlib
import sys
import time

from train_papers import check, folder_of, rows_of, start_of


def runs_of(rows, out):
    """The runs of some rows, in lists of those that can be trained at the same time, in order."""
    import dataclasses

    from side_by_side import size_of
    from side_by_side_training import Run

    from lrkeras.tasks.papers.language_models.rows import config_of

    batches = {}
    for row in rows:
        name, _, seed = row.partition("@")
        config = dataclasses.replace(config_of(name), seed=int(seed or 1))
        if config.teacher_weight:
            raise ValueError(
                f"{name!r} learns from another model, which rows side by side cannot; train it with "
                "tools/papers/train_papers.py."
            )
        if config.pooled:
            raise ValueError(
                f"The matrices of {name!r} are pruned together, which those of rows side by side "
                "are not; train it with tools/papers/train_papers.py."
            )
        base = start_of(name)
        start = folder_of(f"{base}@{config.seed}", out) if base else None
        key = (config.is_started, size_of(config))
        batches.setdefault(key, []).append(Run(config, folder_of(row, out), start))
    return [batches[key] for key in sorted(batches, key=lambda key: key[0])]


def main():
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="names of rows, or NAME@SEED")
    parser.add_argument("--queue", type=pathlib.Path, help="a file of names, one a line")
    parser.add_argument("--data", help="folder of ptb.train.txt")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the runs")
    parser.add_argument("--minutes", type=float, help="end the training then, epochs left or not")
    parser.add_argument("--finish", action="store_true", help="measure what is trained")
    options = parser.parse_args()
    deadline = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    os.environ.setdefault("KERAS_BACKEND", "tensorflow" if options.finish else "jax")
    check(options)
    rows = rows_of(options)
    if not rows:
        parser.error("expected names of rows, or --queue; got none")
    try:
        train_or_finish(runs_of(rows, options.out), options, deadline)
    except (ValueError, OSError, RuntimeError) as error:
        sys.exit(f"error: {error}")


def train_or_finish(batches, options, deadline):
    """What the command line asks for, one list of runs after the other."""
    import side_by_side_training

    for runs in batches:
        if not options.finish:
            report = functools.partial(print, flush=True)
            for some in [runs] if has_gpu() else [[run] for run in runs]:
                side_by_side_training.train(
                    some, data=options.data, deadline=deadline, report=report
                )
            continue
        for run in runs:
            result = side_by_side_training.finish(run)
            print(f"{run.out.name}: test perplexity {result['test_perplexity']:.2f}", flush=True)


def has_gpu():
    """Whether JAX computes on something else than the processor."""
    import jax

    return jax.default_backend() != "cpu"


if __name__ == "__main__":
    sys.exit(main())
