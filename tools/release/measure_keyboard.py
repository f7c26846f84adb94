"""Measures keyboard models on messages of people that no training text came from.

    python tools/release/measure_keyboard.py FILE.tflite ... --data DIR --out FILE.json --plot FILE.png

DIR holds `nus-sms/`, `sgd-text/` and `wikitext-2/`. For each file: recall of the next word, the
keystrokes that three suggestions save, perplexity, the time from a keystroke to the suggestions
(the whole way from text, one thread) and the time of a step, all files in turns. `--ngram FILE.lm`
measures a back-off model in an ARPA file as well; `tools/release/train_ngram.sh` makes one. `--known
FILE.json` is an earlier result: of files that have not changed since, only the times are taken
again; its back-off models, and the histories of models that `--run` lacks, stay as they are.
"""

import argparse
import dataclasses
import itertools
import json
import os
import pathlib
import sys
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from measured_files import heading
from ngram_model import NgramModel
from rich.progress import track

from lrkeras.benchmark import benchmark
from lrkeras.benchmark.plots import require_matplotlib
from lrkeras.datasets import keyboard_text
from lrkeras.models.registry import checksum
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import load_average
from lrkeras.system.required_paths import require_paths
from lrkeras.tasks.keyboard.blocked_words import load_blocked_words
from lrkeras.tasks.keyboard.file_model import FileModel
from lrkeras.tasks.keyboard.measure import measure
from lrkeras.tasks.keyboard.suggester import Suggester
from lrkeras.tasks.training import plots

CORPORA = ("nus-sms/nus_sms_en.dev.tsv", "sgd-text/dev.tsv", "wikitext-2/valid.txt")
TYPED = 40  # messages that keystrokes are timed on


def main(arguments=None):
    """Command line; see the top of the file."""
    options = _parser().parse_args(arguments)
    _check(options)
    sets = load_sets(options.data, options.limit)
    result = heading("measure_keyboard", arguments) | {
        "load_average": load_average(),
        "sets": {name: len(lines) for name, lines in sets.items()},
        "models": {},
    }
    if options.run:
        result["training"] = training_of(options.run)
    known = known_qualities(options.known, result["sets"]) if options.known else {}
    for file in options.files:
        sha256 = checksum(file)
        model = FileModel(file)
        row = {"bytes": file.stat().st_size, "sha256": sha256}
        row["keystroke_us"] = keystrokes(file, sets["sms_valid"])
        row["quality"] = known.get(sha256) or _qualities(
            model, model.vocabulary, model.blocked, sets, file.stem
        )
        result["models"][file.stem] = row
    for file in options.ngram:
        vocabulary = FileModel(options.files[0]).vocabulary
        model = NgramModel(file, vocabulary)
        sha256 = checksum(file)
        row = {"bytes": options.ngram_bytes, "sha256": sha256, "ngrams": model.ngrams}
        row["quality"] = known.get(sha256) or _qualities(
            model, vocabulary, load_blocked_words(), sets, file.stem
        )
        result["models"][file.stem] = row
    if options.known:
        keep_earlier(result, json.loads(options.known.read_text(encoding="utf-8")))
    timing = json.loads(benchmark(options.files, rounds=options.rounds, seed=0).to_json())
    for file, measured in zip(options.files, timing["files"], strict=True):
        result["models"][file.stem]["step_us"] = measured["median_us"]
    write_json(options.out, result)
    if options.plot:
        plot(result, options.plot)
    if options.curves:
        histories = {
            n: h for n, h in result["training"]["histories"].items() if len(h["epoch"]) > 1
        }
        plots.training(histories, options.curves)
    return result


def _check(options):
    """Ends the program before anything is measured if something it will need is missing."""
    require_paths(
        reads=[options.data / name for name in CORPORA],
        hint="--data must hold nus-sms/, sgd-text/ and wikitext-2/.",
    )
    require_paths(
        reads=[*options.files, *options.ngram, options.known],
        writes=[options.out, options.plot, options.curves],
    )
    if options.run:
        require_paths(
            reads=[options.run / "config.json"], hint="--run is the folder of a training."
        )
    if options.curves and not (options.run or options.known):
        sys.exit("error: --curves draws the training of --run or of --known; received neither.")
    if options.plot or options.curves:
        require_matplotlib()


def known_qualities(file, sets):
    """The qualities of an earlier result by checksum, if they are of as many messages."""
    earlier = json.loads(file.read_text(encoding="utf-8"))
    rows = earlier["models"].values() if earlier["sets"] == sets else []
    return {row["sha256"]: row["quality"] for row in rows if "sha256" in row}


def keep_earlier(result, earlier):
    """Takes over what an earlier result has and cannot be measured with the files at hand."""
    if earlier["sets"] == result["sets"]:
        for name, row in earlier["models"].items():
            if "ngrams" in row:
                result["models"].setdefault(name, row)
    if "training" in earlier:
        training = result.setdefault("training", earlier["training"])
        training["histories"] = earlier["training"]["histories"] | training["histories"]


def training_of(run):
    """The settings of a training and the history of each model that is finished."""
    report = {"config": json.loads((run / "config.json").read_text(encoding="utf-8"))}
    files = (f for f in run.glob("*.history.json") if not f.name.startswith("."))
    report["histories"] = {
        f.name.removesuffix(".history.json"): json.loads(f.read_text(encoding="utf-8"))
        for f in sorted(files)
    }
    return report


def load_sets(folder, limit):
    """Messages by set; the people of `sms_valid` and `sms_test` are different ones."""
    sets = {
        f"sms_{split}": list(
            itertools.chain.from_iterable(keyboard_text.load_messages(folder, split).values())
        )
        for split in ("valid", "test")
    }
    for source in ("dialogues", "articles"):
        sets[source] = keyboard_text.load_lines(folder, source)
    # Every nth line: the lines of one person, dialogue or article stand together.
    return {name: lines[:: max(1, len(lines) // limit)][:limit] for name, lines in sets.items()}


def _qualities(model, vocabulary, blocked, sets, name):
    return {
        kind: dataclasses.asdict(
            measure(
                model,
                lines,
                vocabulary,
                blocked,
                track=lambda lines, what=f"{name}, {kind}": track(lines, what),
            )
        )
        for kind, lines in sets.items()
    }


def keystrokes(file, messages):
    """Microseconds from a keystroke to three suggestions: p50, p90, p99, and how many."""
    suggester, times = Suggester(file), []
    for message in messages[:TYPED]:
        for end in range(1, len(message) + 1):
            begin = time.perf_counter_ns()
            suggester.suggest(message[:end])
            times.append((time.perf_counter_ns() - begin) / 1e3)
    quantiles = np.percentile(times, (50, 90, 99))
    return {"count": len(times), **dict(zip(("p50", "p90", "p99"), quantiles, strict=True))}


def plot(result, file):
    """Draws the recall against the time of a step, with the size of the file beside each.

    A back-off model has no step that could be compared: it is a line.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import ScalarFormatter

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, kind in zip(figure.subplots(1, 2), ("sms_test", "dialogues"), strict=True):
        colors = itertools.cycle(plots.COLORS)
        for color, (name, row) in zip(colors, result["models"].items(), strict=False):
            label = name.removeprefix("word_prediction_").replace("_", " ")
            label += f", {row['bytes'] / 1e6:.1f} MB" if row["bytes"] else ""
            recall = 100 * row["quality"][kind]["top3"]
            if "step_us" in row:
                axes.plot(row["step_us"], recall, "o", color=color, label=label)
            else:
                axes.axhline(recall, color="black", linestyle="--", linewidth=1, label=label)
        axes.set_xscale("log")
        axes.margins(x=0.1, y=0.15)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(ScalarFormatter())
        axes.set_title({"sms_test": "phone messages", "dialogues": "dialogue turns"}[kind])
        axes.set_xlabel("a step (us, one thread, logarithmic)")
        axes.set_ylabel("next word among three suggestions (%)")
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right", frameon=False, fontsize=8)
    figure.savefig(file, dpi=120)


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=pathlib.Path, nargs="+", help=".tflite files with words")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--ngram", type=pathlib.Path, nargs="*", default=[], help="ARPA files")
    parser.add_argument("--ngram-bytes", type=int, help="size of the quantised back-off model")
    parser.add_argument("--known", type=pathlib.Path, help="JSON of an earlier measurement")
    parser.add_argument("--limit", type=int, default=1500, help="messages of a set at most")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of the timing")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="JSON to write")
    parser.add_argument("--run", type=pathlib.Path, help="folder of the training, for its curves")
    parser.add_argument("--curves", type=pathlib.Path, help="PNG of the training to write")
    parser.add_argument("--plot", type=pathlib.Path, help="PNG to write")
    return parser


if __name__ == "__main__":
    main()
