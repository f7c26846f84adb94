"""Times one training step of each structure against `keras.layers.LSTM` of the same size.

    python tools/benchmarks/bench_training.py --backend tensorflow --units 256 650 --out docs/results/data/training.json

Every case is a compiled `train_on_batch` of Embedding-free sequences (batch 20, 35 steps). The
cases run in turn, round by round, so that a drift of the machine meets all of them; ratios are
taken round by round against Keras's layer. Peak memory comes from one process a case.
"""

import argparse
import concurrent.futures
import functools
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time

CASES = {
    "keras.layers.LSTM": None,
    "dense": {},
    "low_rank 10x": {"recurrent": ("low_rank", {"compression": 10})},
    "low_rank stacked 10x": {"recurrent": ("low_rank", {"compression": 10}), "layout": "stacked"},
    "low_rank joint 10x": {"joint": ("low_rank", {"compression": 10})},
    "hybrid 10x": {"recurrent": ("hybrid", {"compression": 10})},
    "hybrid joint 10x": {"joint": ("hybrid", {"compression": 10})},
    "kronecker": {"joint": ("kronecker", {})},
    "kronecker 14 terms": {"joint": ("kronecker", {"terms": 14})},
    "monarch": {"recurrent": ("monarch", {})},
    "toeplitz_like 4": {"recurrent": ("toeplitz_like", {"displacement_rank": 4})},
    "doped_kronecker 25x": {"joint": ("doped_kronecker", {"compression": 25})},
    "doped_kronecker 25x 1x16": {
        "joint": ("doped_kronecker", {"compression": 25, "block": (1, 16)})
    },
}


def arguments_of(case):
    """Arguments of `lrkeras.layers.LSTM` for a case: structures on both matrices or joint."""
    from lrkeras import structures

    if "joint" in case:
        name, options = case["joint"]
        return {"joint_structure": structures.get(name, **options)}
    if "recurrent" in case:
        name, options = case["recurrent"]
        layout = {"gate_layout": case["layout"]} if "layout" in case else {}
        structure = structures.get(name, **options)
        return {"kernel_structure": structure, "recurrent_structure": structure, **layout}
    return {}


def make_step(case, units, batch, steps):
    """A function that runs one training step and waits for it."""
    import keras
    import numpy as np

    from lrkeras import layers

    keras.utils.set_random_seed(0)
    if case is None:
        layer = keras.layers.LSTM(units, return_sequences=True)
    else:
        layer = layers.LSTM(units, return_sequences=True, **arguments_of(case))
    model = keras.Sequential([keras.Input((steps, units)), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, steps, units)).astype("float32")
    y = rng.normal(size=(batch, steps, units)).astype("float32")
    return lambda: model.train_on_batch(x, y)


def measure(units, rounds, batch, steps):
    """Milliseconds of every case and round, the cases interleaved."""
    runs = {name: make_step(case, units, batch, steps) for name, case in CASES.items()}
    for run in runs.values():
        run(), run(), run()
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(1000 * (time.perf_counter() - start))
    return times


def peak_memory(units, backend, name):
    """Peak resident MiB of a process that trains one case for two steps."""
    command = [sys.executable, __file__, "--backend", backend, "--peak", name]
    result = subprocess.run(
        [*command, "--units", str(units)], capture_output=True, text=True, check=True
    )
    return float(result.stdout.strip().splitlines()[-1])


def summary(times, baseline="keras.layers.LSTM"):
    """Median, p90 and the ratio to the baseline with its quartiles, for each case."""
    rows = {}
    for name, values in times.items():
        ratios = sorted(v / b for v, b in zip(values, times[baseline], strict=True))
        quartiles = statistics.quantiles(ratios, n=4)
        rows[name] = {
            "median_ms": round(statistics.median(values), 2),
            "p90_ms": round(sorted(values)[int(0.9 * (len(values) - 1))], 2),
            "ratio": round(quartiles[1], 3),
            "ratio_quartiles": [round(quartiles[0], 3), round(quartiles[2], 3)],
        }
    return rows


def main():
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    parser.add_argument("--units", type=int, nargs="+", default=[256, 650])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--steps", type=int, default=35)
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    os.environ["KERAS_BACKEND"] = options.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from lrkeras.system.json_file import write_json
    from lrkeras.system.machine import describe_machine
    from lrkeras.system.required_paths import require_paths

    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
    require_paths(writes=[options.out])
    if options.peak:
        run = make_step(CASES[options.peak], options.units[0], options.batch, options.steps)
        run(), run()
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    import keras

    report = {
        "command": " ".join(["python", *sys.argv]),
        "versions": {"python": platform.python_version(), "keras": keras.__version__},
        "machine": describe_machine(),
        "settings": {k: getattr(options, k) for k in ("backend", "rounds", "batch", "steps")},
        "units": {},
    }
    for units in options.units:
        rows = summary(measure(units, options.rounds, options.batch, options.steps))
        if not options.no_memory:
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                peaks = pool.map(functools.partial(peak_memory, units, options.backend), rows)
                for row, peak in zip(rows.values(), peaks, strict=True):
                    row["peak_mib"] = round(peak)
        for name, row in rows.items():
            print(f"{options.backend} H={units} {name:28s} {row}", flush=True)
        report["units"][units] = rows
    if options.out:
        write_json(options.out, report)


if __name__ == "__main__":
    main()
