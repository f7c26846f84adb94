"""Times converted LSTM steps: dense float32, dense int8 and doped Kronecker, side by side.

    python tools/bench_deploy.py --units 512 650 1500 --compression 25 --out results/deploy.json

Weights are random: time does not depend on them. Every file was compared with Keras by `convert`.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from lrkeras import convert, layers, sparsify, structures
from lrkeras.benchmark import benchmark


def make_files(units, compression, folder):
    """Converts the three models of one size; a report by file name, the rival first."""
    spec = structures.doped(structures.Kronecker(), compression=compression, block=(1, 16))
    reports = {}
    for name, structure, quantize in (
        ("dense_int8", None, "int8"),
        ("dense_fp32", None, None),
        ("doped_int8", spec, "int8"),
    ):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((None, units))
        lstm = layers.LSTM(units, return_sequences=True, joint_structure=structure)
        model = keras.Model(inputs, lstm(inputs))
        if structure is not None:
            sparsify(model)
        path = folder / f"{name}_{units}.tflite"
        reports[name] = convert(model, path, quantize=quantize)
    return reports


def main():
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="+", default=[512, 650, 1500])
    parser.add_argument("--compression", type=float, default=25)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    result = {"command": " ".join(["python", *sys.argv]), "units": {}}
    with tempfile.TemporaryDirectory() as folder:
        for units in options.units:
            reports = make_files(units, options.compression, pathlib.Path(folder))
            timing = benchmark([r.path for r in reports.values()], rounds=options.rounds)
            content = json.loads(timing.to_json())
            for file, (name, report) in zip(content["files"], reports.items(), strict=True):
                file["path"] = name
                file["largest_error"] = max(error.error for error in report.parity)
                print(units, name, file)
            result["units"][units] = content
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
