"""Makes the folder of a keyboard run with the teacher of the shipped models.

Students can then be trained without training it again, which takes an hour and a half:

    python tools/release/restore_word_teacher.py RUN
    lrkeras train word_prediction --preset keyboard --models hybrid --data DIR --out RUN

Its weights are those of `models/word_prediction_teacher_int8.tflite`, rounded to 8 bits: the
perplexity of the validation text is 37.0 with them as it was without. Its history comes from
`docs/results/data/word_prediction.json`.
"""

import argparse
import csv
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = pathlib.Path(__file__).parents[2]
RELEASED = ROOT / "tools" / "release" / "models"
RESULTS = ROOT / "docs" / "results" / "data" / "word_prediction.json"


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path, help="folder to make")
    restore(parser.parse_args(arguments).run)


def restore(run):
    """Writes `dense.keras` and its history into a folder that has no teacher yet."""
    from lrkeras.models import registry
    from lrkeras.models.int8_model import read_weights, set_weights
    from lrkeras.tasks import word_prediction
    from lrkeras.tasks.training import run_folder

    if (run / "dense.keras").exists():
        raise SystemExit(f"error: {run} has a teacher already; name another folder.")
    config = word_prediction.PRESETS["keyboard"]
    run_folder.check(run, config, ignored=("models",))
    model = word_prediction.build_model(config, "dense")
    file = registry.model_file("word_prediction_teacher", "int8", RELEASED)
    set_weights(model, read_weights(file))
    with run_folder.claimed(run, config):
        _write_history(run)
        run_folder.save_model(model, run / "dense.keras")


def _write_history(run: pathlib.Path) -> None:
    history = json.loads(RESULTS.read_text(encoding="utf-8"))["training"]["histories"]["dense"]
    with open(run / "dense.history.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(history)
        rows.writerows(zip(*history.values(), strict=True))


if __name__ == "__main__":
    main()
