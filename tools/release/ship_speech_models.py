"""Puts trained models of spoken commands into the package.

    python tools/release/evaluate_speech_commands.py --data DIR --seeds RUNS/seed*
    python tools/release/ship_speech_models.py --data DIR --seeds RUNS/seed*

Of each model the seed that heard most validation clips. Leaves `speech_commands_NAME.keras`, the
`.tflite` file of int8, or of int4 where it trained with four bits, a card `.md` made of what the
first command left in `--results`, and the front end as a file of its own in `--models`, the
`_float32.tflite` files in `--released`, all with their checksums. tools/release/android_goldens.py
comes after.
"""

import argparse
import json
import os
import pathlib
import sys

from evaluate_speech_commands import ROOT, read_run, trained_model

KINDS = {
    "dense": "Three dense LSTM layers: the teacher of the others.",
    "toeplitz_shared": "Shared low-rank factors in the upper LSTM layers (Lu et al. 2016); the "
    "lowest was trained with Toeplitz-like matrices and goes on with whole ones.",
    "doped_kronecker": "Kronecker products with a block-sparse part in all LSTM layers (Thakker "
    "et al. 2021).",
    "projected_cifg": "CIFG cells with a projection that the next layer reads too.",
    "small_dense": "Dense LSTM layers of fewer units, in the bytes of the compressed models: their "
    "measure.",
}


def best_seed(runs, name):
    """The folder, of those that have the model, whose model heard most validation clips."""
    from lrkeras.tasks.training.run_folder import read_history

    def heard(run):
        return read_history(run / f"{name}.history.csv")["val_accuracy"][-1]

    having = [run for run in runs if (run / f"{name}.keras").exists()]
    return max(having, key=heard) if having else None


def ship(run, name, config, sample, folders):
    """Converts and keeps a model; returns the names of its files in the package, by kind."""
    from compact_keras import pack
    from speech_rows import RUNTIME, file_of

    from lrkeras import convert
    from lrkeras.models import registry
    from lrkeras.tasks.speech_commands.training import metadata

    title, model = f"speech_commands_{name}", trained_model(run, name)
    for old in folders["models"].glob(f"{title}*.tflite"):
        old.unlink()
    kept = folders["models"] / f"{title}.keras"
    model.save(kept)
    pack(kept, kept)
    file, kind = file_of(model, config, name, folders["models"], sample)
    exact = folders["released"] / f"{title}_float32.tflite"
    convert(model, exact, runtime=RUNTIME, metadata={**metadata(), "name": title}, sample=sample)
    registry.register(title, {"float32": exact.name}, exact.parent)
    return {"keras": kept.name, kind: file.name, "card": f"{title}.md"}


def ship_front_end(folder):
    """Converts the front end as a file of its own: what it costs is timed beside the models."""
    import keras
    from speech_rows import RUNTIME

    from lrkeras import convert
    from lrkeras.models import registry
    from lrkeras.tasks.speech_commands.front_end import HOP, make_front_end

    samples = keras.Input((None,), name="samples")
    model = keras.Model(samples, keras.layers.Permute((2, 1))(make_front_end()(samples)))
    entry = {
        "task": "speech_front_end",
        "name": "speech_front_end",
        "samples_per_step": HOP,
        "licence": "Apache-2.0: nothing in it was learned",
    }
    convert(model, folder / "speech_front_end.tflite", runtime=RUNTIME, metadata=entry)
    registry.register("speech_front_end", {"float32": "speech_front_end.tflite"}, folder)


def card(name, file, seed, table):
    """The text of a model card."""
    from lrkeras.tasks.speech_commands import training
    from lrkeras.tasks.speech_commands.config import FULL

    row = table["rows"][name]
    accuracy, errors, false = (row[key] for key in ("accuracy", "word_errors", "false_words"))
    late = row["latency_ms"]
    template = (pathlib.Path(__file__).parent / "speech_commands_card.md").read_text("utf-8")
    return template.format(
        name=name,
        kind=KINDS[name],
        file=file.name,
        bytes=file.stat().st_size,
        parameters=row["parameters"],
        epochs=sum(table["epochs"][name]),
        start="the dense model" if name in FULL.started else "random weights",
        minutes=row["minutes_of_a_core"],
        seed=seed,
        seeds=len(accuracy["by_seed"]),
        own=accuracy["by_seed"][seed],
        own_errors=errors["by_seed"][seed],
        accuracy=f"{accuracy['mean']:.1%} [{accuracy['low']:.1%}, {accuracy['high']:.1%}]",
        errors=f"{errors['mean']:.1%} [{errors['low']:.1%}, {errors['high']:.1%}]",
        digits=row["digits"]["mean"],
        late="no word alone was named"
        if late["median"] is None
        else f"{late['median']:.0f} ms after the end of the word (median; 90 % within "
        f"{late['p90']:.0f} ms)",
        false=false["events"],
        minutes_of_noise=60 * false["hours"],
        per_hour=f"{false['per_hour']:.0f} [{false['low']:.0f}, {false['high']:.0f}]",
        clips=table["clips"],
        speakers=table["speakers"],
        strings=table["strings"],
        licence=training.LICENCE,
    )


def check(options, results):
    """Ends the program before anything is written if something it will need is missing."""
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.speech_commands.corpus import files_of

    require_paths(
        reads=files_of(options.data), hint="--data must hold speech-commands-test/ and fsdd/."
    )
    require_paths(reads=[results], hint="Score the trainings first: evaluate_speech_commands.py.")
    hint = "--seeds must be folders of trainings."
    require_paths(reads=[run / "config.json" for run in options.seeds], hint=hint)


def main(arguments=None):
    """Runs the tool; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--seeds", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "lrkeras" / "models")
    parser.add_argument("--released", type=pathlib.Path, default=ROOT / "tools/release/models")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "docs" / "results")
    options = parser.parse_args(arguments)
    results = options.results / "data" / "speech_commands.json"
    check(options, results)
    import numpy as np

    from lrkeras.models import registry
    from lrkeras.tasks.speech_commands.config import FULL
    from lrkeras.tasks.speech_commands.corpus import load_clips

    table = json.loads(results.read_text(encoding="utf-8"))["over_seeds"]
    folders = {"models": options.models, "released": options.released}
    for name in FULL.models:
        run = best_seed(options.seeds, name)
        if run is None:
            print(f"{name}: no training has it")
            continue
        config = read_run(run)
        # Words: in noise alone, rounding to 8 bits decides where some states wander.
        clips = load_clips(config, "valid", options.data)
        sample = np.concatenate([clip.samples for clip in clips if not clip.is_noise][:2])
        files = ship(run, name, config, sample, folders)
        quantised = files.get("int4") or files["int8"]
        text = card(name, options.models / quantised, str(config.seed), table)
        (options.models / files["card"]).write_text(text, encoding="utf-8")
        registry.register(f"speech_commands_{name}", files, options.models)
        print(f"{name}: seed {config.seed}, {quantised}")
    ship_front_end(options.models)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
