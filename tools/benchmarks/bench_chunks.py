"""Shows that steps in chunks take the same time in chunks of any length, and what they take memory.

    python tools/benchmarks/bench_chunks.py --out docs/results/data/chunks.json --plot docs/results/chunks.png

Times: one LSTM converted to the forms `chunk_16` to `chunk_1600`, in interleaved rounds; and
sequences as long in the file of `step` and `chunk_16`. What is quoted is processor time of the
thread: a call of several milliseconds is interrupted on a machine that others use, a short one
mostly not, so that wall time grows with the length whatever the file does.

Memory: a word model of two LSTMs of 1500 units and 10,000 words, every signature loaded and run,
in a process of its own for each row (`memory_probe_chunks.py` says what is counted).
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from lrkeras.benchmark.call_overhead import smallest_model
from lrkeras.benchmark.plots import require_matplotlib
from lrkeras.benchmark.timed_model import TimedModel
from lrkeras.export import StepRunner, convert
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine, load_average
from lrkeras.system.required_paths import require_paths
from lrkeras.system.versions import package_versions

KL = keras.layers
PROBE = pathlib.Path(__file__).with_name("memory_probe_chunks.py")
KINDS = {"float32": None, "int8": "int8"}
WAYS = ("interpreter", "compiled", "first cache", "cache")


def speech_model(units):
    """One LSTM over frames of 64 numbers, and 32 outputs a step."""
    stack = [keras.Input((None, 64)), KL.LSTM(units, return_sequences=True), KL.Dense(32)]
    return keras.Sequential(stack)


def word_model(units, words):
    """Two LSTMs between an embedding and the logits of the next word."""
    stack = [keras.Input((None,), dtype="int32"), KL.Embedding(words, units)]
    stack += [KL.LSTM(units, return_sequences=True) for _ in range(2)]
    return keras.Sequential([*stack, KL.Dense(words)])


def calls_of(folder, units, lengths):
    """For each way and length: a function that runs that many steps."""
    model, rng = speech_model(units), np.random.default_rng(0)
    both = os.path.join(folder, "both.tflite")
    convert(model, both, forms=["step", "chunk_16"])
    runner, calls = StepRunner(both), {}
    for length in lengths:
        path = os.path.join(folder, f"{length}.tflite")
        convert(model, path, form=f"chunk_{length}")
        print(f"converted: chunk_{length}, {os.path.getsize(path):,} bytes", flush=True)
        calls["one call", length] = TimedModel(path, 1, True, rng).run_ns
        xs = rng.normal(size=(length, 64)).astype(np.float32)
        calls["calls of 16", length] = lambda xs=xs: runner.run(xs)
    return calls


def measure(calls, rounds):
    """Processor and wall time of a step in microseconds, a list over the rounds, by call."""
    longest = max(length for _, length in calls)
    found = {key: ([], []) for key in calls}
    rng = np.random.default_rng(0)
    for _ in range(rounds):
        for index in rng.permutation(len(calls)):
            key = list(calls)[index]
            count = max(1, longest // key[1])
            for _ in range(count):
                calls[key]()
            wall, processor = time.perf_counter_ns(), time.thread_time_ns()
            for _ in range(count):
                calls[key]()
            processor = time.thread_time_ns() - processor
            wall = time.perf_counter_ns() - wall
            for values, taken in zip(found[key], (processor, wall), strict=True):
                values.append(taken / 1e3 / count / key[1])
    return found


def time_rows(found):
    """A row for each way and length, with ratios to the shortest taken within a round."""
    shortest = min(length for _, length in found)
    rows = []
    for (way, length), (processor, wall) in found.items():
        ratios = np.array(processor) / found[way, shortest][0]
        quartiles = [float(value) for value in np.percentile(ratios, [25, 50, 75])]
        rows.append(
            {
                "way": way,
                "steps": length,
                "step_us": float(np.median(processor)),
                "step_wall_us": float(np.median(wall)),
                "ratio_to_shortest": quartiles[1],
                "ratio_quartiles": [quartiles[0], quartiles[2]],
            }
        )
    return sorted(rows, key=lambda row: (row["way"], row["steps"]))


def memory_rows(folder, units, words, kinds, ways):
    """A row for each file and way of loading it."""
    smallest, rows = os.path.join(folder, "smallest.tflite"), []
    pathlib.Path(smallest).write_bytes(smallest_model())
    model = word_model(units, words)
    for quantize in kinds:
        for forms in (["step"], ["step", "chunk_16"]):
            path = os.path.join(folder, f"{quantize}_{len(forms)}.tflite")
            convert(model, path, forms=forms, quantize=quantize, steps=2)
            for way in ways:
                done = subprocess.run(
                    [sys.executable, PROBE, path, way, smallest],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    sys.exit(f"{path}, {way}: {done.stderr.strip().splitlines()[-1]}")
                found = json.loads(done.stdout.splitlines()[-1])
                rows.append({"quantize": quantize, "forms": forms, "way": way, **found})
                size = rows[-1]["file_bytes"]
                shown = {n: f"{v / size:.2f}" for n, v in found["bytes"].items()}
                print(f"{quantize}, {forms}, {way}, times the file: {shown}", flush=True)
    return rows


def plot(rows, path):
    """Draws the time of a step over the length."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for way in dict.fromkeys(row["way"] for row in rows):
        mine = [row for row in rows if row["way"] == way]
        axes.plot([r["steps"] for r in mine], [r["step_us"] for r in mine], marker="o", label=way)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("steps of the sequence")
    axes.set_ylabel("processor time of a step in µs")
    axes.legend()
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130, facecolor="white", format="png")


def main(arguments=None):
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, help="a JSON file")
    parser.add_argument("--plot", type=pathlib.Path, help="a PNG file")
    parser.add_argument("--lengths", type=int, nargs="+", default=[16, 48, 160, 480, 1600])
    parser.add_argument("--units", type=int, default=256, help="of the model that is timed")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--memory-units", type=int, default=1500)
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="of loading")
    options = parser.parse_args(arguments)
    require_paths(writes=[options.out, options.plot])
    if options.plot:
        require_matplotlib()
    with tempfile.TemporaryDirectory() as folder:
        kinds = [KINDS[name] for name in options.kinds]
        sizes = options.memory_units, options.words
        memory = memory_rows(folder, *sizes, kinds, options.ways)
        rows = time_rows(measure(calls_of(folder, options.units, options.lengths), options.rounds))
    for row in rows:
        print(
            f"{row['way']}, {row['steps']} steps: {row['step_us']:.1f} us a step "
            f"({row['step_wall_us']:.1f} of wall time), {row['ratio_to_shortest']:.2f} times"
        )
    if options.plot:
        plot(rows, options.plot)
    if options.out:
        content = {
            "command": "python tools/benchmarks/bench_chunks.py --out FILE",
            "rounds": options.rounds,
            "units": options.units,
            "memory_units": options.memory_units,
            "words": options.words,
            "machine": describe_machine(),
            "load_average": load_average(),
            "python": platform.python_version(),
            "versions": package_versions(),
            "times": rows,
            "memory": memory,
        }
        write_json(options.out, content)


if __name__ == "__main__":
    main()
