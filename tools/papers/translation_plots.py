"""The figures of translation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from line_labels import label_at_ends
from paper_plots import STYLES
from translation_table import KINDS, WIDTHS

from lrkeras.tasks.papers.translation.rows import SIZES, row_name
from lrkeras.tasks.training.plots import make_figure, plain_log_ticks, save_figure

Summary = Mapping[str, Any]
# Kinds of alike sizes would hide one another's intervals.
_APART = 1.02


def compression(summary: Summary, base: str, file: str | os.PathLike) -> None:
    """Draws the test BLEU of the files against how many times fewer numbers the LSTMs have.

    Args:
        summary: of `translation_table.summarise`.
        base: the width.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    rows = _tested(summary)
    figure, (axis,) = make_figure(7, 4.6)
    axis.set_xscale("log")
    ends = []
    for number, kind in enumerate(KINDS):
        title, color, mark = STYLES[kind]
        found = [rows[n] for n in (row_name(base, kind, s) for s in SIZES) if n in rows]
        if not found:
            continue
        apart = _APART ** (number - len(KINDS) // 2)
        places = [row["compression_with_indices"] * apart for row in found]
        means = [row["test_greedy"][0] for row in found]
        wide = 2.2 if kind == "small_dense" else 1.4
        axis.plot(places, means, color=color, marker=mark, lw=wide, ms=6)
        for row, place in zip(found, places, strict=True):
            axis.plot([place] * 2, row["test_greedy"][1:], color=color, lw=4, alpha=0.4)
        last = max(range(len(places)), key=places.__getitem__)
        ends.append((places[last], means[last], title, color))
    if base in rows:
        dense = rows[base]["test_greedy"][0]
        axis.axhline(dense, color="black", lw=1, ls=":")
        ends.append((axis.get_xlim()[1], dense, f"dense int8, {dense:.1f}", "#000000"))
    plain_log_ticks(axis.xaxis)
    label_at_ends(axis, ends)
    axis.set_xlabel("times fewer numbers in the LSTMs, indices counted")
    axis.set_ylabel("test BLEU of the int8 file, greedy")
    save_figure(figure, file)


def training(summary: Summary, base: str, file: str | os.PathLike) -> None:
    """Draws the validation BLEU after every epoch: dense, and rows of 10x, seeds as a band.

    Args:
        summary: as for `compression`.
        base: the width.
        file: the PNG to write.
    """
    figure, (axis,) = make_figure(7, 4.6)
    ends = []
    for kind, runs in _curves(summary, base).items():
        title, color, _ = STYLES.get(kind, ("dense", "#000000", ""))
        seeds = np.array([run["val_bleu"] for run in runs])
        epochs, mean = np.arange(1, seeds.shape[1] + 1), seeds.mean(0)
        wide = 2.2 if kind == "small_dense" else 1.4
        axis.plot(epochs, mean, "--" if kind == "dense" else "-", color=color, lw=wide)
        if len(seeds) > 1:
            axis.fill_between(epochs, seeds.min(0), seeds.max(0), color=color, alpha=0.2, lw=0)
        ends.append((epochs[-1], mean[-1], title, color))
    label_at_ends(axis, ends)
    axis.set_xlabel("epoch")
    axis.set_ylabel("BLEU of the validation sentences, greedy")
    save_figure(figure, file)


def _curves(summary: Summary, base: str) -> dict[str, list[Mapping[str, Any]]]:
    wanted = {"dense": base} | {kind: row_name(base, kind, SIZES[0]) for kind in KINDS}
    return {k: summary["curves"][name] for k, name in wanted.items() if name in summary["curves"]}


def _tested(summary: Summary) -> dict[str, Mapping[str, Any]]:
    return {row["row"]: row for row in summary["rows"] if "test_greedy" in row}


FIGURES: dict[str, Callable[[Summary, str, str | os.PathLike], None]] = {
    "compression": compression,
    "training": training,
}
CAPTIONS = {
    "compression": "by numbers stored; a bar is the 95 % interval of the test sentences",
    "training": "after every epoch; a band goes from the least to the largest seed",
}


def figures_of(summary: Summary) -> list[tuple[str, str]]:
    """The figures, and their widths, that there is something for."""
    found, rows = [], _tested(summary)
    for base in WIDTHS:
        sizes = [s for s in SIZES if any(row_name(base, kind, s) in rows for kind in KINDS)]
        if len(sizes) > 1:
            found.append(("compression", base))
        if len(_curves(summary, base)) > 1:
            found.append(("training", base))
    return found
