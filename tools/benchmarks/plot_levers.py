"""Draws what makes a word model smaller: perplexity against bytes, and against the time of a step.

    python tools/benchmarks/plot_levers.py FILE.tflite ... --quality QUALITY.json ... \
        --papers docs/results/data/papers_runs.jsonl --out LEVERS.json --plot LEVERS.png

Above: the keyboard's files, all timed in turns here, with the perplexities that
`measure_keyboard.py` wrote to the `--quality` files. Below: rows of the small Penn Treebank model
(`ptb_small`), with the ratios that their own results have. The first file is what the others are
compared with.
"""

import argparse
import json
import math
import os
import pathlib
import platform
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from lrkeras.benchmark import benchmark
from lrkeras.benchmark.plots import require_matplotlib
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine, load_average
from lrkeras.system.required_paths import require_paths
from lrkeras.system.versions import package_versions

# The texts that no choice was made on.
_TEXTS = ("sms_test", "dialogues", "articles")
_ROWS = {
    "ptb_small": "dense",
    "ptb_small_small_dense_2x": "small dense 2x",
    "ptb_small_small_dense_5x": "small dense 5x",
    "ptb_small_small_dense_10x": "small dense 10x",
    "ptb_small_low_rank_2x_float32": "low rank 2x",
    "ptb_small_low_rank_10x_float32": "low rank 10x",
    "ptb_small_units_5x_float32": "units 5x",
    "ptb_small_units_10x_float32": "units 10x",
    "ptb_small_doped_kronecker_20x_1x16_dropout0": "doped 1x16, 20x",
}


def main(arguments=None):
    """Command line; see the top of the file."""
    options = _parser().parse_args(arguments)
    require_paths(
        reads=[*options.files, *options.quality, options.papers], writes=[options.out, options.plot]
    )
    require_matplotlib()
    words = sys.argv[1:] if arguments is None else arguments
    result = {
        "command": " ".join(["python tools/benchmarks/plot_levers.py", *map(str, words)]),
        "machine": describe_machine(),
        "load_average": load_average(),
        "python": platform.python_version(),
        "versions": package_versions(),
        "keyboard": keyboard_rows(options.files, options.quality, options.rounds),
        "ptb_small": papers_rows(options.papers),
    }
    write_json(options.out, result)
    draw(result, options.plot)
    return result


def keyboard_rows(files, quality_files, rounds):
    """Bytes, perplexity and step of each file; steps in turns, against the first file's."""
    quality = {}
    for file in quality_files:
        quality |= json.loads(file.read_text(encoding="utf-8"))["models"]
    timed = json.loads(benchmark(files, rounds=rounds, seed=0).to_json())["files"]
    rows = []
    for file, times in zip(files, timed, strict=True):
        texts = quality[file.stem]["quality"]
        perplexities = {text: texts[text]["perplexity"] for text in _TEXTS}
        rows.append(
            {
                "name": file.stem,
                "bytes": file.stat().st_size,
                "perplexities": perplexities,
                "perplexity": math.exp(sum(map(math.log, perplexities.values())) / len(_TEXTS)),
                "top3": {text: texts[text]["top3"] for text in _TEXTS},
                "speedup": times["speedup"] or 1.0,
                "cold_speedup": times["cold_speedup"] or 1.0,
            }
        )
    return rows


def papers_rows(file):
    """Means over the seeds of the rows that are there."""
    runs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    rows = []
    for row, label in _ROWS.items():
        found = [r for r in runs if r["config"]["row"] == row and "skipped" not in r["deployment"]]
        if found:
            rows.append(
                {
                    "name": label,
                    "seeds": len(found),
                    "perplexity": sum(run["test_perplexity"] for run in found) / len(found),
                    "bytes": found[0]["deployment"]["whole_file_bytes"],
                    "recurrent_bytes": found[0]["deployment"]["recurrent_file_bytes"],
                    "speedup": found[0]["deployment"]["speedup_over_dense_int8"],
                }
            )
    return rows


def draw(result, file):
    """Four panels: two texts by bytes and by time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 9), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2)
    first = result["keyboard"][0]["name"]
    keyboard = [dict(row, label=_short(row["name"])) for row in result["keyboard"]]
    papers = [dict(row, label=row["name"]) for row in result["ptb_small"]]
    panels = (
        (axes[0, 0], keyboard, "bytes", "kB of the file with its words", 1e-3),
        (axes[0, 1], keyboard, "cold_speedup", f"step, cold caches: times {_short(first)}", 1),
        (axes[1, 0], papers, "bytes", "kB of the int8 file", 1e-3),
        (axes[1, 1], papers, "speedup", "step of the layers: times as fast as dense int8", 1),
    )
    for axis, rows, key, label, factor in panels:
        for number, row in enumerate(rows, 1):
            four = "int4" in row["label"]
            color = "#c2571a" if four else "#1b4f8f"
            point = (factor * row[key], row["perplexity"])
            axis.plot(*point, "o", color=color, markersize=13, label=f"{number}  {row['label']}")
            axis.annotate(number, point, color="white", ha="center", va="center", fontsize=8)
        axis.set_xlabel(label)
        axis.margins(0.15)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[:, 0]:
        axis.legend(frameon=False, fontsize=8, markerscale=0.5)
    axes[0, 0].set_ylabel("perplexity, mean of three test texts")
    axes[1, 0].set_ylabel("test perplexity, Penn Treebank")
    figure.savefig(file, dpi=150, facecolor="white")


def _short(name):
    name = name.removeprefix("word_prediction_").removesuffix("_latest")
    return name.replace("_", " ")


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=pathlib.Path, nargs="+", help=".tflite files with words")
    parser.add_argument("--quality", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--papers", type=pathlib.Path, required=True, help="the file of runs")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of the timing")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="JSON to write")
    parser.add_argument("--plot", type=pathlib.Path, required=True, help="PNG to write")
    return parser


if __name__ == "__main__":
    main()
