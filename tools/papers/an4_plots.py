"""The figures of the AN4 table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from line_labels import label_at_ends

from lrkeras.tasks.training.plots import COLORS, make_figure, save_figure

Summary = Mapping[str, Any]
# Colors are a kind's in every figure; the rival is black, what the dense row has is dotted.
STYLES = {
    "dense": ("dense", COLORS[7], "*"),
    "hybrid_stack": ("hybrid stack", COLORS[1], "o"),
    "shared_low_rank": ("shared low rank", COLORS[2], "v"),
    "toeplitz_like": ("Toeplitz-like", COLORS[0], "^"),
    "low_rank": ("low rank", COLORS[3], "<"),
    "small_dense": ("small dense (the rival)", "#000000", "D"),
    "small_dense_of_low_rank": ("small dense of low rank's bytes", "#000000", "D"),
    "small_dense_of_hybrid": ("small dense of the hybrid's bytes", "#000000", "D"),
}


def differences(summary: Summary, file: str | os.PathLike) -> None:
    """Draws by how much each row's test word errors are above the dense row's, with intervals.

    Args:
        summary: of `an4_table.summarise`.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    rows = [row for row in summary["rows"] if "to_dense" in row]
    rows.sort(key=lambda row: row["to_dense"][0], reverse=True)
    figure, (axis,) = make_figure(7, 1.2 + 0.4 * len(rows))
    names = []
    for height, row in enumerate(rows):
        title, color, mark = STYLES[row["kind"]]
        mean, low, high = row["to_dense"]
        axis.plot([low, high], [height] * 2, color=color, lw=2)
        axis.plot(mean, height, mark, color=color, ms=8)
        above = {"xytext": (0, 9), "textcoords": "offset points", "ha": "center"}
        clear = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # of the lines at zero
        axis.annotate(f"{mean:+.1f}", (mean, height), color=color, bbox=clear, **above)
        seeds = len(row["seeds"])
        names.append(f"{title}, {seeds} seed{'s' if seeds > 1 else ''}")
    axis.axvline(0, color=STYLES["dense"][1], lw=1, ls=":")
    axis.axvline(0.3, color="black", lw=0.8, ls="--")
    axis.set_yticks(range(len(rows)), names)
    axis.set_ylim(-0.5, len(rows) - 0.3)
    axis.set_xlabel("points of test word errors above dense\n(dotted: 0; dashed: the paper's 0.3)")
    save_figure(figure, file)


def training(summary: Summary, file: str | os.PathLike) -> None:
    """Draws the word errors of the validation speakers after every epoch, seeds as a band.

    Args:
        summary: of `an4_table.summarise`.
        file: the PNG to write.
    """
    figure, (axis,) = make_figure(7, 4.6)
    ends = []
    for kind, seeds in summary["curves"].items():
        if kind.startswith("small_dense_of"):
            continue  # one curve of the rival shows how it learns
        title, color, _ = STYLES[kind]
        curves = np.array(seeds)
        epochs = np.arange(1, curves.shape[1] + 1)
        mean = curves.mean(0)
        axis.plot(epochs, mean, color=color, lw=2.2 if kind == "small_dense" else 1.4)
        if len(curves) > 1:
            axis.fill_between(epochs, curves.min(0), curves.max(0), color=color, alpha=0.2, lw=0)
        ends.append((epochs[-1], mean[-1], f"{title}, {mean[-1]:.1f}", color))
    axis.set_ylim(0, 102)
    label_at_ends(axis, ends)
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation word errors in %, greedy")
    save_figure(figure, file)


FIGURES = {"differences": differences, "training": training}
TITLES = {
    "differences": "Test word errors above those of the dense row, with 95 % intervals",
    "training": "Validation word errors after every epoch; bands from the least to the largest seed",
}


def figures_of(summary: Summary) -> list[str]:
    """The figures that the runs have something to draw in."""
    found = ["training"] if summary["curves"] else []
    return [*found, "differences"] if any("to_dense" in r for r in summary["rows"]) else found
