"""Brings models of every kind to files, and writes a table of how that went.

    python tools/benchmarks/bring_models.py --wild data/wild --out docs/results/data/brought_models.json

Each model is saved as its owner would have saved it, read back, compared with what its owner's
framework computes, and converted in the form `auto`, in float32 and in int8. `--time` times the
float32 file against that of the stock converter, side by side, where that has no Flex operators.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import tempfile
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from brought_models import OWN, Brought
from wild_models import wild_models

import lrkeras
from lrkeras.benchmark import benchmark
from lrkeras.system.machine import describe_machine
from lrkeras.system.versions import package_versions

_PROBES = 3
# Of the stock converter's file, where the model leaves them open.
_STEPS = 16


@dataclasses.dataclass
class Row:
    """What became of one model.

    Attributes:
        name, kind, source: The model, what is special about it, the format of its file.
        load: Largest difference to its owner's framework over the largest value; None where there
            is nobody to ask, such as for files alone.
        form: The form of the file, or why there is none.
        float32, int8: Largest relative error of an output against Keras, or why it was refused.
        bytes: Of the two files.
        stock: What the stock converter makes of it: `"built-in"`, `"Flex"`, or its error.
        stock_bytes: Of its float32 file.
        step_ratio: Its time over that of our float32 file, for as many time steps.
        reason: Why the form is a sequence, where it is.
    """

    name: str
    kind: str
    source: str
    load: float | str | None = None
    form: str | None = None
    reason: str | None = None
    float32: float | str | None = None
    int8: float | str | None = None
    bytes: dict[str, int] = dataclasses.field(default_factory=dict)
    stock: str | None = None
    stock_bytes: int | None = None
    step_ratio: float | None = None


def bring(brought: Brought, folder: pathlib.Path, timed: bool = False) -> Row:
    """Loads and converts one model."""
    row = Row(brought.name, brought.kind, brought.saved_as)
    path, owner = brought.save(folder)
    try:
        if brought.saved_as == ".weights.h5":
            model = lrkeras.load_model(path, brought.make(), partial=owner is None)
        else:
            model = lrkeras.load_model(path, compile=False)
    except (ValueError, ImportError) as error:
        row.load = f"refused: {error}"
        return row
    row.load = None if owner is None else _difference(model, owner)
    return convert_row(row, model, folder, brought.options, timed)


def convert_row(
    row: Row, model: keras.Model, folder: pathlib.Path, options: dict, timed: bool
) -> Row:
    """Converts a model that is loaded."""
    options = {"form": "auto", **options}
    for kind, quantize in (("float32", None), ("int8", "int8")):
        file = folder / f"{kind}.tflite"
        try:
            report = lrkeras.convert(model, file, quantize=quantize, **options)
        except lrkeras.ConversionError as error:
            setattr(row, kind, str(error))
            continue
        setattr(row, kind, max(found.relative for found in report.parity))
        row.bytes[kind] = report.file_bytes
        row.form = ", ".join(report.signatures)
        row.reason = None if report.choice is None else str(report.choice)
    stock = folder / "stock.tflite"
    row.stock, row.stock_bytes = _stock(model, stock)
    if timed and row.stock == "built-in" and "float32" in row.bytes:
        row.step_ratio = _ratio(folder / "float32.tflite", stock, model, row.form)
    return row


def _difference(model: keras.Model, owner) -> float:
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(_PROBES):
        inputs = [_probe(tensor, model, rng) for tensor in model.inputs]
        found = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0], training=False))
        for ours, theirs in zip(found, owner(inputs), strict=True):
            error = np.abs(np.asarray(ours, np.float64) - theirs).max()
            worst = max(worst, float(error / (np.abs(theirs).max() or 1.0)))
    return worst


def _probe(tensor, model, rng) -> np.ndarray:
    shape = [size or 9 for size in tensor.shape]
    shape[0] = tensor.shape[0] or 2
    ids = [layer.input_dim for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    if "int" in tensor.dtype or (ids and len(shape) == 2):
        return rng.integers(0, min(ids), shape).astype("int32")
    return rng.normal(size=shape).astype("float32")


def _stock(model: keras.Model, path: pathlib.Path) -> tuple[str, int | None]:
    """The file that the stock converter makes, with a batch of one, as its guide says."""
    import tensorflow as tf

    for operators in ([], [tf.lite.OpsSet.SELECT_TF_OPS]):
        try:
            content = _converted(tf, model, [tf.lite.OpsSet.TFLITE_BUILTINS, *operators])
        except Exception as error:  # several undocumented types
            refusal = str(error).strip().splitlines()[0][:200]
            continue
        path.write_bytes(content)
        return ("Flex" if operators else "built-in"), len(content)
    return f"refused: {refusal}", None


def _converted(tf, model: keras.Model, operators: list) -> bytes:
    specs = [
        tf.TensorSpec(
            [size or (1 if axis == 0 else _STEPS) for axis, size in enumerate(t.shape)], t.dtype
        )
        for t in model.inputs
    ]

    def call(*tensors):
        return model(list(tensors) if len(tensors) > 1 else tensors[0], training=False)

    module = tf.Module()
    module.call = tf.function(call, input_signature=specs)
    function = module.call.get_concrete_function()
    module.variables_it_reads = list(function.graph.variables)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        tf.saved_model.save(module, folder, signatures=function)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = operators
        return converter.convert()


def _ratio(ours: pathlib.Path, stock: pathlib.Path, model: keras.Model, form: str) -> float | None:
    try:
        report = benchmark([ours, stock], rounds=30, cold=False)
    except ValueError:  # a file with open shapes
        return None
    steps = model.inputs[0].shape[1] or _STEPS
    mine, other = report.files[0].median_us, report.files[-1].median_us
    return other / (mine * (steps if form == "step" else 1))


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wild", help="the unpacked folder of models of others")
    parser.add_argument("--only", help="part of the names of the models to bring")
    parser.add_argument("--time", action="store_true", help="time against the stock file")
    parser.add_argument("--out", help="the JSON file to write")
    options = parser.parse_args()
    models = [*OWN, *(wild_models(pathlib.Path(options.wild)) if options.wild else ())]
    rows = []
    for brought in models:
        if options.only and options.only not in brought.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            row = bring(brought, pathlib.Path(folder), options.time)
        rows.append(dataclasses.asdict(row))
        print(json.dumps(rows[-1]), flush=True)
        keras.backend.clear_session()
    right = sum(isinstance(row["float32"], float) for row in rows)
    print(f"{right} of {len(rows)} models converted")
    if options.out:
        content = {
            "command": "python tools/benchmarks/bring_models.py "
            f"{'--time ' if options.time else ''}--wild WILD --out OUT",
            "machine": describe_machine(),
            "versions": package_versions(),
            "models": rows,
        }
        pathlib.Path(options.out).write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
