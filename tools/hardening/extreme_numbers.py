"""Takes numbers at the ends of their range through converted files, and holds what comes out against Keras.

    .venv/bin/python tools/hardening/extreme_numbers.py [--steps 10000] [--out docs/results/data/extreme_numbers.json]

Each cell in each quantisation gets steps of 1e30, of 1e38, of denormals, of NaN and of infinities, and a long sequence that keeps its gates
saturated. Errors are shares of the largest output of Keras, in int4 with the weights rounded. Drift is the error of the last tenth of the
long sequence beside that of the first. Steps of which kernels make NaN, as XNNPACK's do on AVX-512, the runner refuses. A file of int8_full
clips what is beyond the range of its sample, so that its steps of 1e30 need only be finite. Exits with 1 if a row is wrong, which MOST_ERRORS bounds.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from lrkeras import StepRunner, convert, layers
from lrkeras.export import ConversionError
from lrkeras.export.quantization import INT4
from lrkeras.export.rounded_source import RoundedSource

WIDTH, UNITS, WINDOW = 8, 32, 40
QUANTIZE = (None, "float16", "int8", "int4", "int8_full")
CELLS = {
    "LSTM": lambda: keras.layers.LSTM(UNITS, return_sequences=True),
    "GRU": lambda: keras.layers.GRU(UNITS, return_sequences=True),
    "SimpleRNN": lambda: keras.layers.SimpleRNN(UNITS, return_sequences=True),
    "CIFG": lambda: keras.layers.RNN(layers.CIFGCell(UNITS, 16), return_sequences=True),
    "RHN": lambda: layers.RHN(UNITS, depth=2, return_sequences=True),
    "low-rank LSTM": lambda: layers.LSTM(
        UNITS, return_sequences=True, recurrent_structure="low_rank"
    ),
    "doped LSTM": lambda: layers.LSTM(UNITS, return_sequences=True, joint_structure="kronecker"),
}
# Of a step in the middle of a window of ordinary numbers.
# A step that spans more than float32 holds has no scale in 8 bits: from 1.7e38 on int8 gives anything.
EXTREMES = {"1e30": 1e30, "1e38": 1e38, "denormal": 1e-41}
# Inputs that keep the gates saturated; within the range of the sample where the file has a fixed one.
AMPLITUDES = dict.fromkeys(QUANTIZE, 100.0) | {"int8_full": 4.0}
REFUSED = {"NaN": np.nan, "infinity": np.inf, "beyond float32": 1e300}
# int8 rounds what goes into each product too, and the sum in a saturated cell of an LSTM keeps it; int8_full rounds the states, and clips.
MOST_ERRORS = {
    None: 1e-4,
    "float16": 0.02,
    "int8": 0.5,
    "int4": 0.5,
    "int8_full": sys.float_info.max,
}


def main(arguments: list[str] | None = None) -> int:
    """Runs, writes or prints the report, and says whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=10_000, help="of the long sequence")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args(arguments)
    report = run(options.cells, options.steps)
    if options.out:
        from lrkeras.system.json_file import write_json

        write_json(options.out, report)
    else:
        print(json.dumps(report, indent=1))
    return 1 if any(row["wrong"] for row in report["rows"]) else 0


def run(cells: list[str], steps: int) -> dict[str, Any]:
    """A row for each cell and quantisation."""
    from lrkeras.system.machine import describe_machine
    from lrkeras.system.versions import package_versions

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for cell in cells:
            keras.utils.set_random_seed(0)
            stack = [keras.Input((None, WIDTH)), CELLS[cell](), keras.layers.Dense(4)]
            model = keras.Sequential(stack)
            for quantize in QUANTIZE:
                rows.append({"cell": cell, **row(model, quantize, steps, folder)})
                print(json.dumps(rows[-1]), file=sys.stderr)
    return {
        "command": f"python tools/hardening/extreme_numbers.py --steps {steps}",
        "machine": describe_machine(),
        "versions": package_versions(),
        "rows": rows,
    }


def row(model: keras.Model, quantize: str | None, steps: int, folder: str) -> dict[str, Any]:
    """What one file does with all of them."""
    begin = time.perf_counter()
    rng = np.random.default_rng(0)
    window = rng.normal(size=(1, WINDOW, WIDTH)).astype("float32")
    # Signs that stay for some steps each, so large that every gate is open or closed.
    signs = np.sign(rng.normal(size=(1, -(-steps // 7), WIDTH))).repeat(7, axis=1)
    saturated = (AMPLITUDES[quantize] * signs[:, :steps]).astype("float32")
    sample = np.concatenate([window, saturated[:, :WINDOW]]) if quantize == "int8_full" else None
    file = pathlib.Path(folder) / "model.tflite"
    try:
        convert(model, file, quantize=quantize, sample=sample)
    except ConversionError as refusal:
        return {
            "quantize": quantize or "float32",
            "told": str(refusal),
            "tried": 1,
            "refused": 1,
            "wrong": [],
        }
    if quantize == "int4":
        model = RoundedSource.of(model, INT4).model
    runner, wrong = StepRunner(file), []

    errors, beyond = {}, []
    for name, value in EXTREMES.items():
        given = window.copy()
        given[:, WINDOW // 2] = value * np.sign(given[:, WINDOW // 2])
        runner.reset()
        try:
            errors[name] = _error(runner.run(given), model.predict(given, verbose=0))
        except ValueError as refusal:
            if "Expected finite states" not in str(refusal):
                raise
            beyond.append(name)
    errors["saturated"], drift = _long(runner, model, saturated)
    most = MOST_ERRORS[quantize]
    wrong += [name for name, error in errors.items() if not error <= most]
    wrong += [name for name, value in REFUSED.items() if not _is_refused(runner, window, value)]
    if not _is_reset(runner, file, window):
        wrong.append("reset")
    return {
        "quantize": quantize or "float32",
        "error": dict.fromkeys(beyond, "refused")
        | {name: _rounded(error) for name, error in errors.items()},
        "first_tenth": _rounded(drift[0]),
        "last_tenth": _rounded(drift[1]),
        "tried": len(EXTREMES) + len(REFUSED) + 2,
        "refused": len(REFUSED) + len(beyond),
        "wrong": wrong,
        "seconds": round(time.perf_counter() - begin, 1),
    }


def _long(runner: StepRunner, model: keras.Model, given: np.ndarray) -> tuple[float, list[float]]:
    """The error of a long sequence, and that of its first and its last tenth."""
    runner.reset()
    found, wanted = runner.run(given), model.predict(given, verbose=0)
    tenth = max(1, given.shape[1] // 10)
    scale = np.abs(wanted).max()
    parts = slice(None, tenth), slice(-tenth, None)
    return _error(found, wanted), [
        float(np.abs(found[:, part] - wanted[:, part]).max() / scale) for part in parts
    ]


def _error(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def _is_refused(runner: StepRunner, window: np.ndarray, value: float) -> bool:
    """Whether the place is named and the states stay, bit for bit."""
    before = {name: state.tobytes() for name, state in runner.states.items()}
    given = window.astype("float64")
    given[0, 5, 3] = value
    try:
        runner.run(given)
    except ValueError as error:
        stays = {name: state.tobytes() for name, state in runner.states.items()} == before
        return "(0, 5, 3)" in str(error) and stays
    return False


def _is_reset(runner: StepRunner, file: pathlib.Path, window: np.ndarray) -> bool:
    runner.reset()
    zeros = not any(np.any(state) for state in runner.states.values())
    return zeros and runner.run(window).tobytes() == StepRunner(file).run(window).tobytes()


def _rounded(number: float) -> float:
    return float(f"{number:.2g}")


if __name__ == "__main__":
    sys.exit(main())
