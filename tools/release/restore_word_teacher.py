"""Makes the folder of a keyboard run with the teacher that comes with the package.

Students can then be trained without training it again, which takes an hour and a half:

    python tools/release/restore_word_teacher.py RUN
    lrkeras train word_prediction --preset keyboard --models hybrid --data DIR --out RUN

Its weights are those of `word_prediction_teacher_int8.tflite`, rounded to 8 bits: the perplexity of
the validation text is 37.0 with them as it was without. Its history comes from
`docs/results/data/word_prediction.json`.
"""

import argparse
import csv
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "results" / "data" / "word_prediction.json"


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path, help="folder to make")
    restore(parser.parse_args(arguments).run)


def restore(run):
    """Writes `dense.keras` and its history into a folder that has no teacher yet."""
    from lrkeras.models import registry
    from lrkeras.tasks import word_prediction
    from lrkeras.tasks.training import run_folder

    if (run / "dense.keras").exists():
        raise SystemExit(f"error: {run} has a teacher already; name another folder.")
    config = word_prediction.PRESETS["keyboard"]
    run_folder.check(run, config, ignored=("models",))
    model = word_prediction.build_model(config, "dense")
    set_weights(model, read_weights(registry.model_file("word_prediction_teacher", "int8")))
    run_folder.claim(run, config)
    history = json.loads(RESULTS.read_text(encoding="utf-8"))["training"]["histories"]["dense"]
    with open(run / "dense.history.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(history)
        rows.writerows(zip(*history.values(), strict=True))
    run_folder.save_model(model, run / "dense.keras")


def read_weights(file):
    """The matrices of a file, `(outputs, inputs)`, and the biases, by the layers' names."""
    from lrkeras.export.tflite.model_file import ModelFile

    graph = ModelFile(file.read_bytes()).graphs[0]
    states = {tensor: graph.tensor_name(tensor) for tensor in graph.inputs}
    products = [op for op in graph.operators if graph.op_name(op) == "FULLY_CONNECTED"]
    # The first products are those of the states, which need no other one.
    recurrent = [op for op in products if "_h" in states.get(int(op.inputs[0]), "")]
    kernels = [op for op in products if op not in recurrent]
    recurrent.sort(key=lambda op: states[int(op.inputs[0])])
    found = {}
    for number, (own, op) in enumerate(zip(kernels, recurrent, strict=False)):
        found[f"lstm_{number}"] = (own.inputs[1], op.inputs[1], own.inputs[2])
    found["projection"] = (kernels[-2].inputs[1], kernels[-2].inputs[2])
    found["words"] = (kernels[-1].inputs[1],)
    return {name: [_real(graph, tensor) for tensor in found[name]] for name in found}


def _real(graph, tensor):
    value = graph.constant(tensor)
    if value.dtype == np.int8:
        scale = graph.tensors[tensor].quantization.scale
        value = value.astype(np.float32) * np.reshape(scale, (-1,) + (1,) * (value.ndim - 1))
    return value


def set_weights(model, weights):
    """Puts what was read into a model."""
    for name, values in weights.items():
        # The table is stored as it is; the transpose of a bias is itself.
        model.get_layer(name).set_weights([v if name == "words" else v.T for v in values])


if __name__ == "__main__":
    main()
