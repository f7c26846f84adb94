"""Trains all models of spoken commands with several seeds, alike, and goes on where it was stopped.

    python tools/release/train_speech_seeds.py --data DIR --out RUNS
    python tools/release/evaluate_speech_commands.py --data DIR --seeds RUNS/seed1 RUNS/seed2 RUNS/seed3

Of each seed first the dense model, in `RUNS/dense/seedN`, then those that learn from it, in
`RUNS/seedN`, all for the same epochs. Before them the share of the teacher in their loss is chosen:
with a short schedule, of a few shares the one whose model hears most validation clips
(`RUNS/shares.json`).
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import sys

SHARES = (0.5, 0.8, 0.9, 0.98)
# The schedule and the model of that choice: a fifth of a training.
SHORT = {"epochs": 4, "ctc_epochs": 2}
TRIED = "small_dense"


def dense_models(options):
    """Trains the dense model of each seed that has none; yields seed and folder."""
    from lrkeras.tasks.speech_commands.config import FULL
    from lrkeras.tasks.speech_commands.training import train

    for seed in options.seeds:
        folder = (options.dense or options.out / "dense") / f"seed{seed}"
        if not (folder / "dense.keras").exists():
            config = dataclasses.replace(FULL, models=("dense",), seed=seed)
            train(config, folder, data=options.data, verbose=2)
        yield seed, folder


def with_teacher(dense, folder):
    """Puts a dense model and its history into the folder of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("dense.history.csv", "dense.keras"):
        if not (folder / name).exists():
            draft = folder / f".{name}.draft"
            shutil.copyfile(dense / name, draft)
            draft.replace(folder / name)


def chosen_share(options, seed, dense):
    """The teacher's share of the best of some short trainings; they are made once."""
    from lrkeras.tasks.speech_commands.config import FULL
    from lrkeras.tasks.speech_commands.training import train
    from lrkeras.tasks.training.run_folder import write_json

    file = options.out / "shares.json"
    if not file.exists():
        found = {}
        for share in SHARES:
            folder = options.out / "shares" / str(share)
            with_teacher(dense, folder)
            config = dataclasses.replace(
                FULL, models=("dense", TRIED), seed=seed, teacher_weight=share, **SHORT
            )
            report = train(config, folder, data=options.data, verbose=2)
            found[str(share)] = report["models"][TRIED]["valid_accuracy"]
        write_json(file, {"model": TRIED, "seed": seed, **SHORT, "valid_accuracy": found})
    found = json.loads(file.read_text(encoding="utf-8"))["valid_accuracy"]
    return float(max(found, key=found.get))


def main(arguments=None):
    """Runs the tool; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the runs")
    parser.add_argument("--dense", type=pathlib.Path, help="folder of dense models, one a seed")
    parser.add_argument("--models", nargs="+", help="which learn from it (default: all)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="(default: 1 2 3)")
    options = parser.parse_args(arguments)
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.speech_commands.config import FULL
    from lrkeras.tasks.speech_commands.corpus import files_of
    from lrkeras.tasks.speech_commands.training import train

    models = tuple(options.models or FULL.models[1:])
    if unknown := set(models) - set(FULL.models[1:]):
        parser.error(f"expected models of {', '.join(FULL.models[1:])}; got {', '.join(unknown)}")
    hint = "--data must hold speech-commands-test/ and fsdd/."
    require_paths(reads=files_of(options.data), hint=hint)
    for seed, dense in dense_models(options):
        share = chosen_share(options, seed, dense)
        out = options.out / f"seed{seed}"
        with_teacher(dense, out)
        for name in models:
            config = dataclasses.replace(
                FULL, models=("dense", name), seed=seed, teacher_weight=share
            )
            train(config, out, data=options.data, verbose=2)
        # The report of all of them: they are trained already.
        config = dataclasses.replace(FULL, models=("dense", *models), seed=seed)
        train(dataclasses.replace(config, teacher_weight=share), out, data=options.data)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    sys.exit(main())
