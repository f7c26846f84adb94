"""Times low-rank and hybrid LSTMs with the factors of all gates multiplied together, and gate by gate.

    python tools/benchmarks/bench_factor_gates.py --out docs/results/data/factor_gates.json

For each number of units and each compression: int8 files of a step of one LSTM with as many inputs as
units, in interleaved rounds, warm and with cold caches: dense; small dense, with as many numbers as
the compressed ones, its inputs stay; low rank and hybrid, a structure for each gate over inputs and
state, in one product of left factors (as `convert` makes it) and in one a gate. Ratios are taken
round by round against dense.
"""

import argparse
import contextlib
import os
import pathlib
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from lrkeras import layers, structures
from lrkeras.benchmark import benchmark
from lrkeras.export import convert
from lrkeras.export.products import structured_base
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import load_average
from lrkeras.system.required_paths import require_paths

KINDS = ("low_rank", "hybrid")
_BY_GATE = "_by_gate"


def main(arguments=None):
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="+", default=[128, 256, 512, 1024])
    parser.add_argument("--ratios", type=int, nargs="+", default=[2, 5, 10])
    parser.add_argument("--rounds", type=int, default=40, help="rounds of all files (default: 40)")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="JSON to write")
    options = parser.parse_args(arguments)
    require_paths(writes=[options.out])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for units in options.units:
            for ratio in options.ratios:
                report = benchmark(files_of(folder, units, ratio), rounds=options.rounds)
                rows += [row_of(file, units, ratio) for file in report.files]
                print(f"{units} units, {ratio}x: done", flush=True)
    result = {
        "command": "python tools/benchmarks/bench_factor_gates.py --out FILE",
        "machine": report.machine,
        "versions": report.versions,
        "load_average": load_average(),
        "rounds": options.rounds,
        "rows": rows,
    }
    write_json(options.out, result)
    return result


def files_of(folder, units, ratio):
    """The files of a size, the dense one first."""
    numbers = 4 * units * (2 * units + 1)
    small = max(h for h in range(1, units) if 4 * h * (units + h + 1) <= numbers / ratio)
    models = {
        "dense": layers.LSTM(units, return_sequences=True),
        "small_dense": layers.LSTM(small, return_sequences=True),
    }
    for kind in KINDS:
        structure = structures.get(kind, compression=ratio)
        layer = layers.LSTM(units, return_sequences=True, joint_structure=structure)
        models |= {kind: layer, f"{kind}{_BY_GATE}": layer}
    files = []
    for name, layer in models.items():
        model = keras.Sequential([keras.Input((None, units)), layer])
        file = pathlib.Path(folder, f"{name}_{units}_{ratio}x.tflite")
        with gate_by_gate() if name.endswith(_BY_GATE) else contextlib.nullcontext():
            convert(model, file, quantize="int8", form="step")
        files.append(file)
    return files


@contextlib.contextmanager
def gate_by_gate():
    """While it lasts, structures of several gates are multiplied one after the other."""
    together = structured_base.stacked_class
    structured_base.stacked_class = lambda structure: None
    try:
        yield
    finally:
        structured_base.stacked_class = together


def row_of(file, units, ratio):
    """What is kept of a file."""
    return {
        "units": units,
        "compression": ratio,
        "kind": pathlib.Path(file.path).stem.removesuffix(f"_{units}_{ratio}x"),
        "bytes": file.file_bytes,
        "step_us": file.step_us,
        "times_faster": file.speedup,
        "quartiles": file.speedup_quartiles,
        "cold_times_faster": file.cold_speedup,
    }


if __name__ == "__main__":
    main()
