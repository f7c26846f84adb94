"""Trains rows of intents and slots one after the other in one process, each in a folder of its own.

    setsid nohup nice python tools/papers/train_intents.py --data DIR --out RUNS \
        --queue tools/papers/papers_queue_intents.txt &

DIR holds the folders `atis-snips`, `clinc150` and `banking77`. A row that is finished is skipped,
one that was stopped goes on, one that fails is reported and the next one starts: started again, the
command does what is left. Names and queues are as those of `train_papers.py`, beside which this one
does not start TensorFlow anew for each row of a minute.
"""

import argparse
import gc
import os
import pathlib
import sys
import time
import traceback

# What a process keeps of each model adds up.
_ROWS_OF_A_PROCESS = 12


def main():
    """Runs the command line."""
    from train_papers import rows_of

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="names of rows, or NAME@SEED")
    parser.add_argument("--queue", type=pathlib.Path, help="a file of names, one a line")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the corpora")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the runs")
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")

    from lrkeras.system.required_paths import require_paths

    require_paths(reads=[options.queue, options.data])
    rows = rows_of(options)
    if not rows:
        parser.error("expected names of rows, or --queue; got none")
    failed = train_all(rows, options)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; what went wrong is above")


def train_all(rows, options):
    """Trains what is not finished; returns the names of the rows that failed.

    After some rows the process starts itself anew.
    """
    from train_papers import folder_of

    configs = {row: config_of(row) for row in rows}  # names are checked before any runs
    options.out.mkdir(parents=True, exist_ok=True)
    failed, finished = [], 0
    for number, (row, config) in enumerate(configs.items(), 1):
        folder = folder_of(row, options.out)
        if (folder / "result.json").exists():
            continue
        if finished == _ROWS_OF_A_PROCESS:
            os.execv(sys.executable, [sys.executable, *sys.argv])
        print(
            f"[{number}/{len(rows)}] {row}: {train_one(config, folder, options.data)}", flush=True
        )
        if (folder / "result.json").exists():
            finished += 1
        else:
            failed.append(row)
    return failed


def config_of(row):
    """The run of a name with or without a seed."""
    import dataclasses

    from lrkeras.tasks.papers.intents.rows import config_of

    name, _, seed = row.partition("@")
    return dataclasses.replace(config_of(name), seed=int(seed or 1))


def train_one(config, folder, data):
    """Trains a row; returns how that went, in words."""
    import keras

    from lrkeras.tasks.papers import train

    begin = time.perf_counter(), time.process_time()
    try:
        result = train(config, folder, data=data, verbose=0)
    except Exception:  # the next row may work
        traceback.print_exc()
        return "FAILED"
    finally:
        keras.backend.clear_session()
        gc.collect()
    seconds = time.perf_counter() - begin[0], time.process_time() - begin[1]
    scores = ", ".join(
        f"{k} {v:.4f}" for k, v in result.items() if k.startswith("valid_") and "sent" not in k
    )
    return f"{scores} after {seconds[0]:.0f} s ({seconds[1]:.0f} s of a core)"


if __name__ == "__main__":
    main()
