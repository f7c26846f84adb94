"""Draws keystrokes that keyboard models save against their bytes, and against the time of a step.

    python tools/release/plot_keyboard.py docs/results/data/keyboard_compared.json docs/results/data/keyboard_compared_time.json \
        --bytes docs/results/keyboard_bytes.png --time docs/results/keyboard_time.png --curves docs/results/chat_training.png

The first file is `compare_keyboard.py`'s, the second `lrkeras bench ... --json`'s. A bar is the interval of
95 % of the difference from the first model of the first file, which therefore has none.
"""

import argparse
import json
import pathlib
import sys

from lrkeras.system.required_paths import require_paths
from lrkeras.tasks.training.plots import COLORS, make_figure, plain_log_ticks, save_figure

TEXTS = {
    "sms_test": "messages of people",
    "dialogues": "turns of dialogues",
    "articles": "articles",
}
LIST = "frequency list"
BATCHES = 300  # of an epoch of the chat model
# The rival black, what is one kind in one color; marks tell them apart in grey.
STYLES = {
    "teacher": ("teacher", COLORS[7], "P"),
    "cifg": ("CIFG", COLORS[0], "o"),
    "small_dense": ("small dense", "#000000", "s"),
    "low_rank": ("low rank", COLORS[2], "v"),
    "doped_kp": ("doped Kronecker", COLORS[1], "D"),
    "hybrid": ("hybrid", COLORS[4], "^"),
    "pruned": ("pruned", COLORS[6], "X"),
    "chat": ("chat", COLORS[3], "*"),
    "kneser_ney": ("5-gram", COLORS[5], "h"),
}


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compared", type=pathlib.Path, help="JSON of compare_keyboard.py")
    parser.add_argument("timed", type=pathlib.Path, help="JSON of lrkeras bench")
    parser.add_argument("--bytes", type=pathlib.Path, required=True, help="PNG to write")
    parser.add_argument("--time", type=pathlib.Path, required=True, help="PNG to write")
    parser.add_argument("--curves", type=pathlib.Path, help="PNG of the chat model's training")
    options = parser.parse_args(arguments)
    drawn = [options.bytes, options.time, options.curves]
    require_paths(reads=[options.compared, options.timed], writes=drawn)
    compared = json.loads(options.compared.read_text(encoding="utf-8"))
    models = compared["models"]
    timed = {
        pathlib.Path(row["path"]).stem: row
        for row in json.loads(options.timed.read_text(encoding="utf-8"))["files"]
    }
    sizes = {name: [row["bytes"] / 1e6] for name, row in models.items() if name != LIST}
    draw(models, sizes, "bytes of the file (MB)", options.bytes)
    times = {
        name: [timed[name]["step_us"], timed[name]["cold_us"]] for name in sizes if name in timed
    }
    draw(models, times, "a step (µs); hollow: with cold caches", options.time)
    if options.curves:
        draw_training(compared["training"], options.curves)
    return 0


def draw_training(parts, file):
    """Draws perplexities over the batches of the parts of the chat model's training."""
    figure, (axes,) = make_figure(7, 4)
    done = 0.0
    for color, (name, part) in zip(COLORS, parts.items(), strict=False):
        valid = part.get("val_perplexity", part.get("valid_perplexity"))
        batches = part.get("batches", BATCHES * len(valid))
        places = [(done + batches * (n + 1) / len(valid)) / 1000 for n in range(len(valid))]
        axes.plot(places, valid, "o-", ms=3, color=color, label=f"{name}: {valid[-1]:.1f}")
        if "perplexity" in part:
            axes.plot(places, part["perplexity"], "--", color=color, lw=1)
        done += batches
    axes.set_yscale("log")
    plain_log_ticks(axes.yaxis)
    axes.set_xlabel("batches (thousands)")
    axes.set_ylabel("perplexity, validation (dashed: training)")
    axes.legend(frameon=False, fontsize=9)
    save_figure(figure, file)


def style_of(name):
    """The label, color and mark of a file."""
    kind = next(kind for kind in STYLES if kind in name)
    label, color, mark = STYLES[kind]
    if name.endswith("int4"):
        return f"{label}, int4", color, "$4$"
    return label + (", float32" if name.endswith("float32") else ""), color, mark


def draw(models, places, axis_title, file):
    """A panel a text; a model's label stands in the legend below all of them.

    Args:
        models: of a result, by name.
        places: for each drawn model where it is: one number, or two, the second hollow.
        axis_title: what they are.
        file: the PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (kind, title) in zip(figure.subplots(1, len(TEXTS)), TEXTS.items(), strict=True):
        for name, found in places.items():
            told = models[name]["texts"][kind]["keystrokes_saved"]
            share, (low, high) = 100 * told["share"], told["interval"]
            bar = [[100 * (told["difference"] - low)], [100 * (high - told["difference"])]]
            label, color, mark = style_of(name)
            if high > low:
                axes.errorbar(found[0], share, yerr=bar, fmt="none", color=color, capsize=3)
            axes.plot(found[0], share, ls="", marker=mark, ms=8, color=color, label=label)
            if len(found) > 1:
                axes.plot(found, [share, share], "-", color=color, lw=0.8, alpha=0.6)
                axes.plot(found[1], share, marker=mark, ms=8, color=color, mfc="white")
        if LIST in models:
            level = 100 * models[LIST]["texts"][kind]["keystrokes_saved"]["share"]
            axes.axhline(level, color="black", ls=":", lw=1.2, label="a list of words alone")
        axes.set_xscale("log")
        plain_log_ticks(axes.xaxis)
        axes.margins(x=0.12)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel(axis_title, fontsize=9)
    figure.supylabel("keystrokes saved (%)", fontsize=10)
    handles = axes.get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    save_figure(figure, file)


if __name__ == "__main__":
    sys.exit(main())
