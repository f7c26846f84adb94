"""Measures what `StepRunner.step` adds to the bare run of the interpreter.

    python tools/benchmarks/bench_runner.py --out docs/results/data/runner.json

Each round times, in an order drawn anew, blocks of: the interpreter's `invoke` alone; the same
between the calls that put arrays in and take copies out, through views on its memory and through
`set_tensor` and `get_tensor`; the runtime's own caller of signatures; and `StepRunner.step`. The
models are small LSTMs, of which the call is a large part. Ratios are taken within a round.
"""

import argparse
import os
import pathlib
import platform
import tempfile
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from lrkeras.export import StepRunner, convert
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine, load_average
from lrkeras.system.required_paths import require_paths
from lrkeras.system.versions import package_versions

TOKEN = np.array([[3]], np.int32)


class Ways:
    """The ways to run one step of a file, each with an interpreter and states of its own.

    Every one of them leaves arrays behind that the next step does not touch.
    """

    def __init__(self, path):
        self._interpreter = open_interpreter(path)
        runner = self._interpreter.get_signature_runner("step")
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        self._token = next(d["index"] for n, d in inputs.items() if n not in outputs)
        self._states = {d["index"]: outputs[n]["index"] for n, d in inputs.items() if n in outputs}
        self._outputs = [d["index"] for d in outputs.values()]
        del runner  # as long as it lives, `invoke` refuses to run
        for detail in self._interpreter.get_input_details():
            zeros = np.zeros(detail["shape"], detail["dtype"])
            self._interpreter.set_tensor(detail["index"], zeros)
        self._signature = open_interpreter(path).get_signature_runner("step")
        self._named = {
            name: np.zeros(d["shape"], d["dtype"])
            for name, d in self._signature.get_input_details().items()
        }
        self._word = next(name for name in inputs if name not in outputs)
        self._runner = StepRunner(path)
        self.calls = {
            "invoke": self._interpreter.invoke,
            "views": self._views,
            "set_tensor, get_tensor": self._set_and_get,
            "signature caller": self._by_signature,
            "StepRunner.step": lambda: self._runner.step(TOKEN),
        }

    def _views(self):
        interpreter = self._interpreter
        interpreter.tensor(self._token)()[...] = TOKEN
        interpreter.invoke()
        for into, out in self._states.items():
            interpreter.tensor(into)()[...] = interpreter.tensor(out)()
        return [interpreter.tensor(index)().copy() for index in self._outputs]

    def _set_and_get(self):
        interpreter = self._interpreter
        interpreter.set_tensor(self._token, TOKEN)
        interpreter.invoke()
        found = {index: interpreter.get_tensor(index) for index in self._outputs}
        for into, out in self._states.items():
            interpreter.set_tensor(into, found[out])
        return found

    def _by_signature(self):
        self._named[self._word] = TOKEN
        found = self._signature(**self._named)
        self._named = {name: found.get(name, TOKEN) for name in self._named}
        return found


def measure(path, rounds, count, rng):
    """Microseconds of a step, (ways, rounds), by way."""
    calls = Ways(path).calls
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name in rng.permutation(list(calls)):
            call = calls[name]
            for _ in range(count // 4):
                call()
            begin = time.perf_counter_ns()
            for _ in range(count):
                call()
            times[name].append((time.perf_counter_ns() - begin) / 1e3 / count)
    return times


def rows(units, times):
    """What is written of a model: a row for each way."""
    bare = np.array(times["invoke"])
    found = []
    for name, values in times.items():
        over = np.array(values) - bare
        quartiles = [float(value) for value in np.percentile(values / bare, [25, 50, 75])]
        found.append(
            {
                "units": units,
                "way": name,
                "median_us": float(np.median(values)),
                "over_invoke_us": float(np.median(over)),
                "over_invoke_us_quartiles": [float(v) for v in np.percentile(over, [25, 75])],
                "ratio_to_invoke": quartiles[1],
                "ratio_quartiles": [quartiles[0], quartiles[2]],
            }
        )
    return found


def main():
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, help="a JSON file")
    parser.add_argument("--units", type=int, nargs="+", default=[16, 128])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--count", type=int, default=400, help="steps of a block")
    options = parser.parse_args()
    require_paths(writes=[options.out])
    found, rng = [], np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for units in options.units:
            stack = [keras.Input((None,)), keras.layers.Embedding(100, units)]
            stack += [keras.layers.LSTM(units, return_sequences=True), keras.layers.Dense(100)]
            path = os.path.join(folder, f"{units}.tflite")
            convert(keras.Sequential(stack), path, steps=2)
            found += rows(units, measure(path, options.rounds, options.count, rng))
            for row in found[-5:]:
                print(
                    f"{units} units, {row['way']}: {row['median_us']:.1f} us, "
                    f"{row['over_invoke_us']:.1f} over invoke, {row['ratio_to_invoke']:.2f} times",
                    flush=True,
                )
    if options.out:
        content = {
            "command": "python tools/benchmarks/bench_runner.py --out FILE",
            "rounds": options.rounds,
            "steps_a_block": options.count,
            "machine": describe_machine(),
            "load_average": load_average(),
            "python": platform.python_version(),
            "versions": package_versions(),
            "rows": found,
        }
        write_json(options.out, content)


if __name__ == "__main__":
    main()
