"""Converts the trained models of spoken commands, scores the files, and draws the results.

    lrkeras train speech_commands --preset all --data DIR --out RUN
    python tools/release/evaluate_speech_commands.py --run RUN --data DIR

DIR holds `speech-commands-test/` and `fsdd/`. Leaves `speech_commands_NAME.keras`, `.tflite` (of
int8), `_float32.tflite` and a card `.md` of each model in `--models`, with their checksums and the
front end as a file of its own, the figures in `--results` and the numbers in `data/` there. All
scores are of the .tflite files, run step by step, on speakers that no model heard.
`--leave-one-out DIR` trains six short models more, each without one speaker of digits; without
`--run` it does that alone and adds it to the numbers that are there. `--seeds RUNS` adds the rows of
trainings that differ in the seed alone, as `tools/release/train_speech_seeds.py` makes them: the
scores on 1,000 strings, with intervals over speakers. `--shipped` scores the files of the package
in the same way; `--times` measures a step of them, warm and cold, which needs a quiet machine.
`--untrained` has sizes and times of files with random weights (a doped one gets its bytes in
training).
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS_COMMAND = "python tools/release/evaluate_speech_commands.py --data DIR --seeds RUNS/seed*"
STRINGS, ROUNDS = 100, 40
STEP_SECONDS = 0.02
RUNTIME = "2.16"  # of the Android app


def convert_all(model, name, folders, sample):
    """Writes the files of a model, each kind into its folder; returns their paths by kind."""
    from lrkeras import convert
    from lrkeras.tasks.speech_commands.training import metadata

    entry = {**metadata(), "name": f"speech_commands_{name}"}
    paths = {}
    for kind, quantize, suffix in (("int8", "int8", ""), ("float32", None, "_float32")):
        paths[kind] = folders[kind] / f"speech_commands_{name}{suffix}.tflite"
        convert(
            model, paths[kind], quantize=quantize, runtime=RUNTIME, metadata=entry, sample=sample
        )
    return paths


def convert_front_end(folder):
    """Writes the front end as a file of its own: what it costs is timed beside the models."""
    from lrkeras import convert
    from lrkeras.tasks.speech_commands.front_end import HOP

    path = folder / "speech_front_end.tflite"
    entry = {
        "task": "speech_front_end",
        "name": path.stem,
        "samples_per_step": HOP,
        "licence": "Apache-2.0: nothing in it was learned",
    }
    convert(front_end_model(), path, runtime=RUNTIME, metadata=entry)
    return path


def register(paths, folder):
    """Puts the files of the models and the front end into the `models.json` of their folders."""
    from lrkeras.models import registry

    for name, kinds in paths.items():
        title = f"speech_commands_{name}"
        files = {"keras": f"{title}.keras", "int8": kinds["int8"].name, "card": f"{title}.md"}
        registry.register(title, files, folder)
        float32 = kinds["float32"]
        registry.register(title, {"float32": float32.name}, float32.parent)
    registry.register("speech_front_end", {"float32": "speech_front_end.tflite"}, folder)


def score(path, clips, strings, everything=True):
    """What a file gets right; of a second file of the same model, what can differ."""
    import numpy as np

    from lrkeras.tasks.speech_commands.file_evaluation import FileEvaluation

    evaluation = FileEvaluation(path)
    spoken = [clip for clip in clips["test"] if "/" in clip.name]
    digits = [clip for clip in clips["test"] if "/" not in clip.name]
    found = {
        "file": path.name,
        "bytes": path.stat().st_size,
        "accuracy_test": evaluation.accuracy(spoken),
        "accuracy_test_and_valid": evaluation.accuracy(spoken + clips["valid"]),
        "digit_accuracy_held_out_speaker": evaluation.digit_accuracy(digits),
        "wer": evaluation.word_error_rates(strings),
    }
    if everything:
        latencies = evaluation.latencies(spoken)
        median, p90 = 1e3 * np.quantile(latencies, [0.5, 0.9]) if latencies else (None, None)
        found["latency_ms"] = {"median": median, "p90": p90, "words": len(latencies)}
        found["false_alarms"] = evaluation.false_alarms(spoken + clips["valid"])
    return found


def step_times(models, paths, front_end):
    """Microseconds of a step of each int8 file, and of its network alone, in one run."""
    from lrkeras import convert
    from lrkeras.benchmark import benchmark
    from lrkeras.tasks.speech_commands.model import network_of

    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, model in models.items():
            files[name, "whole"] = str(paths[name]["int8"])
            files[name, "network"] = os.path.join(folder, f"{name}.tflite")
            convert(network_of(model), files[name, "network"], quantize="int8", runtime=RUNTIME)
        files["front_end", "whole"] = str(front_end)
        report = benchmark(list(files.values()), rounds=ROUNDS, cold=False)
    rows = dict(zip(files, report.files, strict=True))
    return report, {
        key: {
            "median_us": row.median_us,
            "p90_us": row.p90_us,
            "real_time_factor": row.median_us / 1e6 / STEP_SECONDS,
        }
        for key, row in rows.items()
    }


def front_end_model():
    """The front end as a model of its own."""
    import keras

    from lrkeras.tasks.speech_commands.front_end import make_front_end

    samples = keras.Input((None,), name="samples")
    return keras.Model(samples, keras.layers.Permute((2, 1))(make_front_end()(samples)))


def read_run(folder):
    """The report of a training and its config."""
    from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig

    report = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    return report, SpeechCommandsConfig(**settings)


def speech_of(config, data):
    """Clips by split, connected strings of the test clips, and what files are compared on."""
    import numpy as np

    from lrkeras.tasks.speech_commands.corpus import load_clips
    from lrkeras.tasks.speech_commands.spoken_strings import spoken_strings

    clips = {split: load_clips(config, split, data) for split in ("valid", "test")}
    # Words: in noise alone, rounding to 8 bits decides where some states wander.
    words = [clip.samples for clip in clips["valid"] if not clip.is_noise]
    strings = spoken_strings(clips["test"], STRINGS, seed=0)
    return clips, strings, np.concatenate(words[:2])


def trained_model(run, name):
    """A model of a training, from samples to logits."""
    import keras

    from lrkeras.tasks.speech_commands.model import network_of, with_front_end

    trained = keras.saving.load_model(run / f"{name}.keras", compile=False)
    return with_front_end(network_of(trained))


def evaluate(options):
    """Everything; returns the results."""
    from compact_keras import pack

    from lrkeras.system.versions import package_versions
    from lrkeras.tasks.word_prediction import read_history

    training, config = read_run(options.run)
    clips, strings, sample = speech_of(config, options.data)
    folders = {"int8": options.models, "float32": options.released}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    models, paths, rows, histories = {}, {}, {}, {}
    for name, trained in training["models"].items():
        models[name] = trained_model(options.run, name)
        kept = options.models / f"speech_commands_{name}.keras"
        models[name].save(kept)
        pack(kept, kept)
        paths[name] = convert_all(models[name], name, folders, sample)
        scores = {
            kind: score(path, clips, strings, everything=kind == "int8")
            for kind, path in paths[name].items()
        }
        histories[name] = read_history(options.run / f"{name}.history.csv")
        rows[name] = {**trained, "epochs": config.epochs_of("ctc")[1], **scores}
        print(name, json.dumps(rows[name]), flush=True)
    report, times = step_times(models, paths, convert_front_end(options.models))
    for (name, part), row in times.items():
        if name in rows:
            rows[name]["int8"][f"step_{part}"] = row
    results = {
        "command": "python tools/release/evaluate_speech_commands.py --run RUN --data DIR",
        "training_command": "lrkeras train speech_commands --preset all --data DIR --out RUN",
        "data": {
            "train_clips": training["train_clips"],
            "test_clips": sum("/" in clip.name for clip in clips["test"]),
            "valid_clips": len(clips["valid"]),
            "noise_clips": sum(clip.is_noise for split in clips.values() for clip in split),
            "held_out_digit_speaker": config.held_out,
            "strings": len(strings),
            "words_in_strings": sum(len(words) for _, words in strings),
        },
        "seeds": [config.seed],
        "machine": report.machine,
        "load_average": report.load_average,
        "threads": 1,
        "python": platform.python_version(),
        "versions": package_versions(),
        "front_end": times["front_end", "whole"],
        "models": rows,
    }
    return results, histories, paths


KINDS = {
    "dense": "Three dense LSTM layers: the teacher of the others.",
    "toeplitz_shared": "Toeplitz-like matrices in the lowest LSTM layer, shared low-rank factors "
    "above (Lu et al. 2016).",
    "doped_kronecker": "Kronecker products with a block-sparse part in all LSTM layers (Thakker "
    "et al. 2021).",
    "projected_cifg": "CIFG cells with a projection that the next layer reads too.",
    "small_dense": "Dense LSTM layers of the bytes of the compressed models: their measure.",
}


def milliseconds(value):
    """A time for the card; a model that names no word has none."""
    return "no" if value is None else f"{value:.0f} ms"


def card(name, row, results, config):
    """The text of a model card."""
    from lrkeras.tasks.speech_commands import training

    table = "\n".join(
        f"| `{s['file']}` | {s['bytes']:,} | {s['accuracy_test']:.1%} | "
        f"{s['accuracy_test_and_valid']:.1%} | {s['digit_accuracy_held_out_speaker']:.1%} | "
        f"{s['wer']['greedy']:.1%} / {s['wer']['beam']:.1%} |"
        for s in (row["int8"], row["float32"])
    )
    int8, alarms, data = row["int8"], row["int8"]["false_alarms"], results["data"]
    template = (pathlib.Path(__file__).parent / "speech_commands_card.md").read_text("utf-8")
    return template.format(
        name=name,
        kind=KINDS[name],
        table=table,
        parameters=row["parameters"],
        epochs=row["epochs"],
        minutes=row["seconds"] / 60,
        seed=config["seed"],
        latency=milliseconds(int8["latency_ms"]["median"]),
        p90=milliseconds(int8["latency_ms"]["p90"]),
        words=alarms["words"],
        noise=alarms["hours"] * 60,
        recordings=results["data"]["noise_clips"],
        step=int8["step_whole"]["median_us"],
        rtf=int8["step_whole"]["real_time_factor"],
        train=data["train_clips"],
        test=data["test_clips"],
        valid=data["valid_clips"],
        strings=data["strings"],
        held_out=data["held_out_digit_speaker"],
        licence=training.LICENCE,
    )


def check(options, results):
    """Ends the program before anything is scored if something it will need is missing."""
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.speech_commands.corpus import files_of

    hint = "--data must hold speech-commands-test/ and fsdd/."
    require_paths(reads=files_of(options.data), writes=[results], hint=hint)
    if not options.run:
        require_paths(reads=[results], hint="Score the first training with --run before.")
    for run in [options.run] * bool(options.run) + (options.seeds or []):
        hint = f"{run} must be the folder of a finished training."
        require_paths(reads=[run / "config.json", run / "training.json"], hint=hint)
        names = json.loads((run / "training.json").read_text(encoding="utf-8"))["models"]
        if run != options.run:  # what is finished in it is scored
            continue
        files = [run / f"{name}.keras" for name in names]
        files += [run / f"{name}.history.csv" for name in names]
        require_paths(reads=files, hint=hint)


def add_to(results, options):
    """Adds what was asked for beside the first training."""
    from speech_rows import rows_of, shipped_rows, timed, untrained_rows

    from lrkeras.tasks.speech_commands import plots
    from lrkeras.tasks.speech_commands.config import PRESETS
    from lrkeras.tasks.speech_commands.leave_one_out import leave_one_out
    from lrkeras.tasks.training.run_folder import read_history

    if options.leave_one_out:
        config = PRESETS["leave_one_out"]
        found = leave_one_out(config, options.leave_one_out, data=options.data, verbose=2)
        results["leave_one_out"] = {
            "command": "python tools/release/evaluate_speech_commands.py --data DIR --leave-one-out RUNS",
            "epochs": config.epochs_of("ctc")[1],
            "units": config.units,
            "accuracy": found,
            "mean": sum(found.values()) / len(found),
        }
    if options.seeds:
        rows, files = rows_of(options.seeds, options.data, read_run, trained_model)
        if options.times:
            timed(rows, options.seeds, read_run, trained_model)
        results["over_seeds"] = {"command": ROWS_COMMAND, **rows}
        scored = {name: row for name, row in rows["rows"].items() if "bytes" in row}
        plots.quality(scored, options.results / "speech_commands_quality.png")
        curves = {name: read_history(file) for name, file in files.items()}
        plots.learning_curves(curves, options.results / "speech_commands_seeds.png")
    if options.shipped:
        results["shipped"] = shipped_rows(
            PRESETS["all"], options.data, options.models, options.times
        )
    if options.untrained:
        config = PRESETS["all"]
        alike = tuple(name for name in config.models if name != "doped_kronecker")
        results["untrained"] = untrained_rows(dataclasses.replace(config, models=alike))


def main(arguments=None):
    """Runs the tool; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=pathlib.Path, help="folder of the training")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "lrkeras" / "models")
    parser.add_argument("--released", type=pathlib.Path, default=ROOT / "tools/release/models")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "docs" / "results")
    parser.add_argument("--leave-one-out", type=pathlib.Path, help="folder of six trainings more")
    parser.add_argument("--seeds", type=pathlib.Path, nargs="+", help="trainings of other seeds")
    parser.add_argument("--shipped", action="store_true", help="score the files of the package")
    parser.add_argument("--untrained", action="store_true", help="size and time untrained files")
    parser.add_argument("--times", action="store_true", help="time the files of these rows, too")
    options = parser.parse_args(arguments)
    wanted = (options.run, options.leave_one_out, options.seeds)
    if not any((*wanted, options.shipped, options.untrained)):
        parser.error(
            "expected --run, the folder of a training, --leave-one-out, --seeds, --shipped or "
            "--untrained; got none"
        )
    file = options.results / "data" / "speech_commands.json"
    check(options, file)
    from lrkeras.tasks.speech_commands import plots
    from lrkeras.tasks.training.run_folder import write_json

    if options.run:
        results, histories, paths = evaluate(options)
    else:
        results = json.loads(file.read_text(encoding="utf-8"))
    add_to(results, options)
    write_json(file, results)
    if not options.run:
        return 0
    config = json.loads((options.run / "config.json").read_text(encoding="utf-8"))
    for name, row in results["models"].items():
        text = card(name, row, results, config)
        (options.models / f"speech_commands_{name}.md").write_text(text, encoding="utf-8")
    register(paths, options.models)
    plots.learning_curves(histories, options.results / "speech_commands_training.png")
    rows = [
        {
            "name": name,
            "bytes": row["int8"]["bytes"],
            "step_us": row["int8"]["step_whole"]["median_us"],
            "accuracy": row["int8"]["accuracy_test_and_valid"],
        }
        for name, row in results["models"].items()
    ]
    plots.tradeoff(rows, options.results / "speech_commands_tradeoff.png")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
