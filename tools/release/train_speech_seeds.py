"""Trains a compressed model of spoken commands again with other seeds, from the same dense model.

    python tools/release/train_speech_seeds.py --data DIR --out RUNS --seeds 2 3
    python tools/release/evaluate_speech_commands.py --data DIR --seeds RUNS/seed2 RUNS/seed3

The dense model is the one that comes with the package. A run that was stopped goes on.
"""

import argparse
import dataclasses
import os
import pathlib
import shutil
import sys


def main(arguments=None):
    """Runs the tool; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder of the runs")
    parser.add_argument("--model", default="toeplitz_shared", help="which (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3], help="(default: 2 3)")
    options = parser.parse_args(arguments)
    from lrkeras.models import model_file
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.speech_commands.config import FITTED, FULL
    from lrkeras.tasks.speech_commands.corpus import files_of
    from lrkeras.tasks.speech_commands.training import train

    if options.model not in FITTED:
        parser.error(f"expected a model of {', '.join(FITTED)}; got {options.model!r}")
    hint = "--data must hold speech-commands-test/ and fsdd/."
    require_paths(reads=files_of(options.data), hint=hint)
    teacher = model_file("speech_commands_dense", "keras")
    for seed in options.seeds:
        out = options.out / f"seed{seed}"
        out.mkdir(parents=True, exist_ok=True)
        if not (out / "dense.keras").exists():
            shutil.copyfile(teacher, out / "dense.keras")
        config = dataclasses.replace(FULL, models=(options.model,), seed=seed)
        train(config, out, data=options.data, verbose=2)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    sys.exit(main())
