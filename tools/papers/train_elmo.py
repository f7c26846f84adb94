"""Trains the rows of the ELMo table one after the other in one process, each in a folder of its own.

    setsid nohup nice python tools/papers/train_elmo.py --data DIR --out RUNS &

DIR holds the folders `wikitext-2`, `sst`, `sick` and `squad-dev`. First the dense row: its language
model, then the tasks on top of it; then the rows that compress it, which take minutes; then those
that are trained themselves. A row that is finished is skipped, one that was stopped goes on, one
that fails is reported and the next one starts: started again, the command does what is left.
"""

import argparse
import gc
import os
import pathlib
import sys
import time
import traceback

# What a process keeps of each model adds up.
_ROWS_OF_A_PROCESS = 6
_DENSE = "elmo"


def rows_in_order():
    """The rows of the table: the dense one, what is made of it, and what is beside it."""
    from lrkeras.tasks.papers.elmo.rows import COMPRESSED

    return [_DENSE, "elmo_int8", *COMPRESSED, "elmo_words", "elmo_small_dense_r10"]


def train_all(rows, options):
    """Trains what is not finished; returns the names of the rows that failed.

    After some rows the process starts itself anew.
    """
    from lrkeras.tasks.papers.elmo.rows import config_of

    configs = {row: config_of(row) for row in rows}  # names are checked before any runs
    options.out.mkdir(parents=True, exist_ok=True)
    failed, finished = [], 0
    for number, (row, config) in enumerate(configs.items(), 1):
        folder = options.out / row
        if (folder / "result.json").exists():
            continue
        if finished == _ROWS_OF_A_PROCESS:
            os.execv(sys.executable, [sys.executable, *sys.argv])
        start = options.out / _DENSE if config.is_compressed else None
        told = train_one(config, folder, options.data, start)
        print(f"[{number}/{len(rows)}] {row}: {told}", flush=True)
        if (folder / "result.json").exists():
            finished += 1
        else:
            failed.append(row)
    return failed


def train_one(config, folder, data, start):
    """Trains a row; returns how that went, in words."""
    import keras

    from lrkeras.tasks.papers import train

    begin = time.perf_counter(), time.process_time()
    try:
        result = train(config, folder, data=data, start=start, verbose=2)
    except Exception:  # the next row may work
        traceback.print_exc()
        return "FAILED"
    finally:
        keras.backend.clear_session()
        gc.collect()
    seconds = time.perf_counter() - begin[0], time.process_time() - begin[1]
    scores = ", ".join(
        f"{name} {sum(s['valid']['score'] for s in task['seeds'].values()) / len(task['seeds']):.4f}"
        for name, task in result["tasks"].items()
    )
    return f"valid {scores} after {seconds[0]:.0f} s ({seconds[1]:.0f} s of a core)"


def main():
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="names of rows (default: all of the table)")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the corpora")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the runs")
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")

    from lrkeras.system.required_paths import require_paths

    folders = ("wikitext-2", "sst", "sick", "squad-dev")
    require_paths(
        reads=[options.data / name for name in folders],
        hint=f"--data must hold the folders {', '.join(folders)}.",
    )
    failed = train_all(options.rows or rows_in_order(), options)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; what went wrong is above")


if __name__ == "__main__":
    main()
