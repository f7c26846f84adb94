"""Scores the trained models of spoken commands and draws the results.

    python tools/release/train_speech_seeds.py --data DIR --out RUNS
    python tools/release/evaluate_speech_commands.py --data DIR --seeds RUNS/seed* --times
    python tools/release/ship_speech_models.py --data DIR --seeds RUNS/seed*

DIR holds `speech-commands-test/` and `fsdd/`. Leaves the figures in `--results` and the numbers in
`data/` there. All scores are of .tflite files, run step by step, on speakers that no model heard:
`--seeds` are trainings that differ in the seed alone; their models are converted, and scored with
intervals over speakers. `--times` measures a step of them, warm and cold, which needs a quiet
machine. `--leave-one-out RUNS` trains six short models more, each without one speaker of digits.
`--untrained` has sizes and times of files with random weights (a doped one gets its bytes in
training).
"""

import argparse
import dataclasses
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = "python tools/release/evaluate_speech_commands.py --data DIR"


def read_run(folder):
    """The config of a training."""
    from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    return SpeechCommandsConfig(**settings)


def trained_model(run, name):
    """A model of a training, from samples to logits."""
    import keras

    from lrkeras.tasks.speech_commands.model import network_of, with_front_end

    trained = keras.saving.load_model(run / f"{name}.keras", compile=False)
    return with_front_end(network_of(trained))


def check(options, results):
    """Ends the program before anything is scored if something it will need is missing."""
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.speech_commands.corpus import files_of

    hint = "--data must hold speech-commands-test/ and fsdd/."
    require_paths(reads=files_of(options.data), writes=[results], hint=hint)
    for run in options.seeds or []:
        hint = f"{run} must be the folder of a training."
        require_paths(reads=[run / "config.json", run / "training.json"], hint=hint)


def add_leave_one_out(results, options):
    """Adds the digits of speakers whom a model has not heard."""
    from lrkeras.tasks.speech_commands.config import PRESETS, TEACHER
    from lrkeras.tasks.speech_commands.leave_one_out import leave_one_out

    config = PRESETS["leave_one_out"]
    found = leave_one_out(config, options.leave_one_out, data=options.data, verbose=2)
    results["leave_one_out"] = {
        "command": f"{COMMAND} --leave-one-out RUNS",
        "epochs": max(stage.end for stage in config.stages_of(TEACHER).values()),
        "units": config.units,
        "accuracy": found,
        "mean": sum(found.values()) / len(found),
    }


def add_seeds(results, options):
    """Adds the rows of trainings, and draws them."""
    from speech_rows import rows_of, timed

    from lrkeras.tasks.speech_commands import plots

    rows, histories = rows_of(options.seeds, options.data, read_run, trained_model)
    if options.times:
        timed(rows, options.seeds, read_run, trained_model)
    results["over_seeds"] = {"command": f"{COMMAND} --seeds RUNS/seed*", **rows}
    shares = options.seeds[0].parent / "shares.json"
    if shares.exists():
        results["over_seeds"]["shares"] = json.loads(shares.read_text(encoding="utf-8"))
    scored = {name: row for name, row in rows["rows"].items() if "bytes" in row}
    plots.quality(scored, options.results / "speech_commands_quality.png")
    plots.learning_curves(histories, options.results / "speech_commands_training.png")


def main(arguments=None):
    """Runs the tool; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--seeds", type=pathlib.Path, nargs="+", help="folders of trainings")
    parser.add_argument("--times", action="store_true", help="time the files of these rows, too")
    parser.add_argument("--leave-one-out", type=pathlib.Path, help="folder of six trainings more")
    parser.add_argument("--untrained", action="store_true", help="size and time untrained files")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "docs" / "results")
    options = parser.parse_args(arguments)
    if not any((options.seeds, options.leave_one_out, options.untrained)):
        parser.error(
            "expected --seeds, the folders of trainings, --leave-one-out or --untrained; got none"
        )
    file = options.results / "data" / "speech_commands.json"
    check(options, file)
    from speech_rows import untrained_rows

    from lrkeras.tasks.speech_commands.config import PRESETS
    from lrkeras.tasks.training.run_folder import write_json

    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if options.leave_one_out:
        add_leave_one_out(results, options)
    if options.seeds:
        add_seeds(results, options)
    if options.untrained:
        config = PRESETS["all"]
        alike = tuple(name for name in config.models if name != "doped_kronecker")
        results["untrained"] = untrained_rows(dataclasses.replace(config, models=alike))
    write_json(file, results)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
