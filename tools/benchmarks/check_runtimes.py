"""Compares converted files with Keras on three runtimes; `tools/test_runtimes.sh` starts it.

    python tools/benchmarks/check_runtimes.py --old-python DIR/bin/python --out docs/results/data/runtimes.json

Every structure, float32, float16 and int8, as a file with the forms `step` and `chunk_4` and as one
with the chunks alone. Each file runs in a process of its own on ai-edge-litert's Interpreter and
CompiledModel and on tflite-runtime 2.14, which `--old-python` has. Outputs of every step and states
after every call are compared with Keras within the thresholds of `convert`.
"""

import argparse
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from lrkeras import layers, sparsify, structures
from lrkeras.export import ConversionError, convert
from lrkeras.export.quantization import Quantization
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine
from lrkeras.system.required_paths import require_paths
from lrkeras.system.versions import package_versions

REPLAY = pathlib.Path(__file__).with_name("replay_file.py")
UNITS, WORDS, STEPS, CHUNK = 48, 20, 12, 4
KINDS = {"float32": None, "float16": "float16", "int8": "int8"}
FORMS = {"step, chunk": ["step", f"chunk_{CHUNK}"], "chunk": [f"chunk_{CHUNK}"]}


def recurrent_layers():
    """A layer for each structure."""
    options = {"return_sequences": True, "name": "lstm"}
    blocks = structures.Sparse(density=0.1, block=(1, 16), padding="same")
    joint = {
        "low rank": structures.LowRank(rank=6),
        "hybrid (HMF)": structures.Hybrid(rank=6),
        "Kronecker": structures.Kronecker(),
        "Monarch": structures.Monarch(),
        "doped Kronecker": structures.Kronecker() + blocks,
        "doped low rank": structures.LowRank(rank=6) + blocks,
    }
    found = {"dense": keras.layers.LSTM(UNITS, **options)}
    return found | {n: layers.LSTM(UNITS, joint_structure=s, **options) for n, s in joint.items()}


def word_model(layer):
    """Words in, logits out; biases that are not zero, so that a lost one shows."""
    stack = [keras.Input((None,), dtype="int32", name="words"), keras.layers.Embedding(WORDS, 40)]
    model = keras.Sequential([*stack, layer, keras.layers.Dense(WORDS, name="logits")])
    rng = np.random.default_rng(5)
    for weight in model.weights:
        if "bias" in weight.path:
            weight.assign(0.5 * rng.normal(size=weight.shape))
    if structures.find_structures(model, structures.Sparse):
        sparsify(model)
    return model


def expected(model, words):
    """Keras: logits (1, time, words) and the states after every step, (time, units) each."""
    table, layer, head = model.layers
    x = table(words)
    loop = keras.layers.RNN(layer.cell, return_state=True)
    states = [loop(x[:, :end])[1:] for end in range(1, STEPS + 1)]
    names = ("lstm_h", "lstm_c")
    found = {n: np.concatenate([np.asarray(s[i]) for s in states]) for i, n in enumerate(names)}
    return {"logits": np.asarray(head(layer(x))), **found}


def compare(found, reference):
    """The largest error of a tensor of each signature, its norm over that of Keras's values."""
    errors = {}
    for key, value in found.items():
        signature, name = key.split("/")
        wanted = reference[name]
        if name != "logits":
            calls = len(value)
            wanted = wanted[STEPS // calls - 1 :: STEPS // calls]
        if value.shape != wanted.shape:
            raise ValueError(f"Expected {key} in shape {wanted.shape}, received {value.shape}.")
        error = np.linalg.norm(value - wanted) / np.linalg.norm(wanted)
        error = float(error) if np.isfinite(error) else np.inf
        errors[signature] = max(errors.get(signature, 0), error)
    return errors


def run(python, runtime, path, words, folder):
    """What a runtime gives, or the last error that it tells."""
    given, out = folder / "inputs.npz", folder / "outputs.npz"
    np.savez(given, words=words)
    out.unlink(missing_ok=True)
    command = [python, REPLAY, runtime, path, given, out]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, errors="replace"
    )
    if done.returncode:
        # The runtime's reason comes in several lines, the last of which says the least.
        last = " ".join(done.stderr.split("Error: ")[-1].split()) or "no message"
        return f"exit status {done.returncode}: {last}"
    with np.load(out) as stored:
        return dict(stored)


def check(name, layer, kind, form, runtimes, folder):
    """A row for each runtime."""
    keras.utils.set_random_seed(0)
    model = word_model(layer)
    words = np.random.default_rng(1).integers(0, WORDS, (1, STEPS))
    path, row = folder / "model.tflite", {"model": name, "quantize": kind, "forms": form}
    threshold = Quantization.get(KINDS[kind]).limits.relative
    try:
        report = convert(model, path, forms=FORMS[form], quantize=KINDS[kind], runtime="2.14")
    except ConversionError as error:
        return [{**row, "runtime": runtime, "refused": str(error)} for runtime in runtimes]
    row |= {"minimum_runtime": report.minimum_runtime, "threshold": threshold}
    rows, reference = [], expected(model, words)
    for runtime, python in runtimes.items():
        found = run(python, runtime, path, words, folder)
        if isinstance(found, str):
            rows.append({**row, "runtime": runtime, "agrees": False, "failure": found})
            continue
        errors = compare(found, reference)
        agrees = len(errors) == len(FORMS[form]) and max(errors.values()) <= threshold
        rows.append({**row, "runtime": runtime, "agrees": agrees, "errors": errors})
    return rows


def version(python, package):
    """The version of a package that a Python has."""
    code = f"from importlib import metadata; print(metadata.version({package!r}))"
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def main(arguments=None):
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--old-python", help="a Python that has tflite-runtime (left out: not run)")
    parser.add_argument("--models", nargs="+", help="some of the models (left out: all)")
    parser.add_argument("--out", type=pathlib.Path, help="a JSON file")
    options = parser.parse_args(arguments)
    hint = "bash tools/test_runtimes.sh makes that environment."
    require_paths(reads=[options.old_python], writes=[options.out], hint=hint)
    if unknown := sorted(set(options.models or ()) - set(recurrent_layers())):
        parser.error(f"expected --models of {', '.join(recurrent_layers())}; received {unknown}")
    runtimes = {"interpreter": sys.executable, "compiled": sys.executable}
    versions = package_versions()
    if options.old_python:
        runtimes["tflite-runtime"] = options.old_python
        versions["tflite-runtime"] = version(options.old_python, "tflite-runtime")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models or recurrent_layers():
            for kind in KINDS:
                for form in FORMS:
                    layer = recurrent_layers()[name]
                    rows += check(name, layer, kind, form, runtimes, pathlib.Path(folder))
                    for row in rows[-len(runtimes) :]:
                        said = row.get("errors") or row.get("failure") or row.get("refused")
                        print(f"{name}, {kind}, {form}, {row['runtime']}: {said}", flush=True)
    failed = [row for row in rows if not row.get("agrees") and "refused" not in row]
    print(f"{len(rows)} runs of a file on a runtime, {len(failed)} failed")
    if options.out:
        content = {
            "command": "bash tools/test_runtimes.sh --out FILE",
            "machine": describe_machine(),
            "python": platform.python_version(),
            "versions": versions,
            "rows": rows,
        }
        write_json(options.out, content)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
