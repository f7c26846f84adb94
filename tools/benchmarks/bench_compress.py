"""Times `lrkeras.compress` on a large language model: two LSTMs of 1500 units, 66 million weights.

    python tools/benchmarks/bench_compress.py --out docs/results/data/compress_large.json

Every structure runs in a process of its own, so that its peak memory is its own: the model itself,
the copy, and everything between. Weights are drawn at random, which is the hardest spectrum there
is. `--units` and `--words` make it smaller.
"""

import argparse
import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import time

NAMES = (
    "low_rank",
    "low_rank, stacked",
    "semi_nmf",
    "hybrid",
    "kronecker",
    "monarch",
    "toeplitz_like",
    "sparse",
    "sparse 1x16",
    "doped_kronecker",
    "doped_low_rank 1x16",
)


def case(name):
    """`(structure, further arguments of compress)` of a name."""
    from lrkeras import structures as s

    return {
        "low_rank": (s.LowRank(compression=10), {}),
        "low_rank, stacked": (s.LowRank(compression=10), {"gate_layout": "stacked"}),
        "semi_nmf": (s.LowRank(compression=10), {"method": "semi_nmf"}),
        "hybrid": (s.Hybrid(compression=10), {}),
        "kronecker": (s.Kronecker(), {}),
        "monarch": (s.Monarch(), {}),
        "toeplitz_like": (s.ToeplitzLike(4), {}),
        "sparse": (s.Sparse(compression=10), {}),
        "sparse 1x16": (s.Sparse(compression=10, block=(1, 16), padding="same"), {}),
        "doped_kronecker": (s.doped("kronecker", compression=25), {}),
        "doped_low_rank 1x16": (s.doped(s.LowRank(32), compression=10, block=(1, 16)), {}),
    }[name]


def run_one(name, units, words):
    """Compresses once, and prints a row."""
    import keras

    from lrkeras import compress

    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(words, units, name="embedding"),
            layers.LSTM(units, return_sequences=True, name="lstm_1"),
            layers.LSTM(units, return_sequences=True, name="lstm_2"),
            layers.Dense(words, name="out"),
        ]
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    what, arguments = case(name)
    begin = time.perf_counter()
    _, report = compress(model, what, **arguments)
    row = {
        "structure": name,
        "parameters": report.dense_params,
        "ratio": report.ratio,
        "seconds": time.perf_counter() - begin,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "mib_with_the_model_alone": before / 1024,
        "errors": {r.name: r.error for r in report.matrices},
        "skipped": report.skipped,
    }
    print(json.dumps(row), flush=True)


def main():
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, help="a JSON file")
    parser.add_argument("--units", type=int, default=1500)
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--structures", nargs="+", default=NAMES)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    from lrkeras.system.required_paths import require_paths

    require_paths(writes=[options.out])
    if options.one:
        run_one(options.one, options.units, options.words)
        return
    rows = []
    for name in options.structures:
        rows.append(measure(name, options.units, options.words))
        row = rows[-1]
        figures = row.get("refused") or f"{row['seconds']:.1f} s, {row['peak_mib']:.0f} MiB"
        print(f"{name}: {figures}", flush=True)
        if options.out:
            write(options.out, rows)
    if any("refused" in row for row in rows):
        sys.exit(1)


def measure(name, units, words):
    """A row, from a process of its own."""
    size = ["--units", str(units), "--words", str(words)]
    done = subprocess.run(
        [sys.executable, __file__, "--one", name, *size],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return {"structure": name, "refused": done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def write(file, rows):
    """Writes what is known so far."""
    from lrkeras.system.json_file import write_json
    from lrkeras.system.machine import describe_machine, load_average
    from lrkeras.system.versions import package_versions

    content = {
        "command": "python tools/benchmarks/bench_compress.py --out FILE",
        "machine": describe_machine(),
        "load_average": load_average(),
        "python": platform.python_version(),
        "versions": package_versions(),
        "rows": rows,
    }
    write_json(file, content)


if __name__ == "__main__":
    main()
