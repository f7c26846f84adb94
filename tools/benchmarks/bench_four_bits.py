"""Times steps in four bits against int8, warm and with emptied caches, and training with them.

    python tools/benchmarks/bench_four_bits.py --units 200 512 1500 --files a_int8.tflite a_int4.tflite \
        --train --out docs/results/data/four_bits_speed.json

Each LSTM has as many inputs as units, and is converted twice; files given beside are timed as they
are, each pair against its first one. `--train` times a batch of a plain model and of its
`quantize_aware` copy in turns: an LSTM of 2 x 200 units (batch 20, 35 steps, 10,000 words) and the
CIFG word model. It waits for the machine to be idle, `--wait` seconds at most, and says what the
load was.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import sys
import tempfile
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import lrkeras
from lrkeras.benchmark import benchmark
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine, load_average
from lrkeras.system.required_paths import require_paths
from lrkeras.system.versions import package_versions

IDLE = 2.5  # load average of the last minute
WORDS, BATCH, STEPS = 10_000, 20, 35


def main(arguments=None):
    """Command line; see the top of the file."""
    options = _parser().parse_args(arguments)
    require_paths(reads=options.files, writes=[options.out])
    words = sys.argv[1:] if arguments is None else arguments
    result = {
        "command": " ".join(["python tools/benchmarks/bench_four_bits.py", *map(str, words)]),
        "machine": describe_machine(),
        "python": platform.python_version(),
        "versions": package_versions(),
        "steps": [],
        "training": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        pairs = [_lstm_files(units, pathlib.Path(folder)) for units in options.units]
        for pair in [*pairs, *zip(options.files[::2], options.files[1::2], strict=True)]:
            _wait(options.wait)
            result["steps"].append(time_steps(pair, options.rounds))
            print(json.dumps(result["steps"][-1]), flush=True)
    for name in ("2 x 200 LSTM", "word_prediction_cifg") if options.train else ():
        _wait(options.wait)
        result["training"].append(time_training(name, options.rounds))
        print(json.dumps(result["training"][-1]), flush=True)
    write_json(options.out, result)
    return result


def time_steps(pair, rounds):
    """Median microseconds of a step of two files, and how many times faster the second one is."""
    report = benchmark(pair, rounds=rounds, seed=0)
    first, second = json.loads(report.to_json())["files"]
    row = {"files": [pathlib.Path(file).name for file in pair], "load_average": load_average()}
    row["bytes"] = [pathlib.Path(file).stat().st_size for file in pair]
    for kind in ("median_us", "cold_us"):
        row[kind] = [round(first[kind], 2), round(second[kind], 2)]
    for kind in ("speedup", "cold_speedup"):
        row[kind] = round(second[kind], 3)
    return row


def time_training(name, rounds):
    """Median seconds of a batch of a model and of its copy with rounded weights, in turns."""
    model = _model(name)
    copy = lrkeras.quantize_aware(model)
    tokens = np.random.default_rng(0).integers(0, WORDS, (BATCH, STEPS)).astype("int32")
    for one in (model, copy):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        one.compile(keras.optimizers.Adam(2e-4), loss)
        one.train_on_batch(tokens, tokens)
        one.train_on_batch(tokens, tokens)
    times = [[_seconds(one, tokens) for one in (model, copy)] for _ in range(min(rounds, 25))]
    ratio = statistics.median(second / first for first, second in times)
    medians = [round(statistics.median(column), 4) for column in zip(*times, strict=True)]
    return {"model": name, "seconds": medians, "ratio": ratio, "load_average": load_average()}


def _model(name):
    if name != "2 x 200 LSTM":
        return lrkeras.load(name)
    inputs = keras.Input((STEPS,), dtype="int32")
    hidden = keras.layers.Embedding(WORDS, 200)(inputs)
    for _ in range(2):
        hidden = keras.layers.LSTM(200, return_sequences=True)(hidden)
    return keras.Model(inputs, keras.layers.Dense(WORDS)(hidden))


def _seconds(model, tokens):
    begin = time.perf_counter()
    model.train_on_batch(tokens, tokens)
    return time.perf_counter() - begin


def _lstm_files(units, folder):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, units), name="x")
    model = keras.Model(inputs, keras.layers.LSTM(units, return_sequences=True)(inputs))
    files = [folder / f"lstm_{units}_{quantize}.tflite" for quantize in ("int8", "int4")]
    for file in files:
        lrkeras.convert(model, file, quantize=file.stem.rpartition("_")[2])
    return files


def _wait(seconds):
    """Until the machine is idle, or so many seconds have passed."""
    end = time.monotonic() + seconds
    while (load_average() or 0) > IDLE and time.monotonic() < end:
        time.sleep(5)


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="*", default=[200, 512, 1500])
    parser.add_argument("--files", type=pathlib.Path, nargs="*", default=[], help="pairs of files")
    parser.add_argument("--train", action="store_true", help="whether to time training too")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of each comparison")
    parser.add_argument("--wait", type=float, default=0, help="seconds to wait for an idle machine")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="JSON to write")
    return parser


if __name__ == "__main__":
    main()
