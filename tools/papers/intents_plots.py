"""The figures of intents and slots."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from intents_table import CORPORA, KINDS, row_name
from line_labels import label_at_ends
from paper_plots import STYLES

from lrkeras.tasks.training.plots import COLORS, make_figure, plain_log_ticks, save_figure

Summary = Mapping[str, Any]
Row = Mapping[str, Any]
_STYLES = {**STYLES, "units": ("units pruned", COLORS[5], "X")}
_APART = 1.015
_NAMES = {"accuracy": "intent accuracy", "slot_f1": "slot F1"}


def compression(summary: Summary, base: str, score: str, file: str | os.PathLike) -> None:
    """Draws a test score against how many times fewer numbers the LSTMs have, indices counted.

    Args:
        summary: of `intents_table.summarise`.
        base: the corpus.
        score: `"accuracy"` or `"slot_f1"`.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    figure, axis = _panel(base, score)
    order = list(KINDS)

    def place(row: Row) -> float:
        # The seeds' bars of alike sizes would hide one another.
        apart = _APART ** (order.index(row["method"]) - len(order) // 2)
        return row["compression_with_indices"] * apart

    _draw(axis, summary, base, score, place)
    axis.set_xlabel("times fewer numbers in the LSTMs, indices counted")
    save_figure(figure, file)


def latency(summary: Summary, base: str, score: str, file: str | os.PathLike) -> None:
    """Draws a test score against the speed of a step of the file, dense int8 as 1.

    Args:
        summary: as for `compression`.
        base: the corpus.
        score: `"accuracy"` or `"slot_f1"`.
        file: the PNG to write.
    """
    steps = summary["times"]["files"]
    figure, axis = _panel(base, score)
    _draw(axis, summary, base, score, lambda row: steps.get(row["row"], {}).get("speedup"))
    axis.axvline(1, color="black", lw=1, ls=":")
    axis.set_xlabel("a step of the int8 file, times as fast as dense int8")
    save_figure(figure, file)


def training(summary: Summary, base: str, score: str, file: str | os.PathLike) -> None:
    """Draws a validation score after every epoch: dense, and rows of 5x, seeds as a band.

    Args:
        summary: as for `compression`.
        base: the corpus.
        score: `"accuracy"` or `"slot_f1"`.
        file: the PNG to write.
    """
    figure, (axis,) = make_figure(7, 4.6)
    ends = []
    for kind, curves in _curves(summary, base).items():
        title, color, _ = _STYLES.get(kind, ("dense", "#000000", ""))
        seeds = np.array([curve[f"val_{score}"] for curve in curves]) * 100
        epochs, mean = np.arange(1, seeds.shape[1] + 1), seeds.mean(0)
        wide = 2.2 if kind == "small_dense" else 1.4
        axis.plot(epochs, mean, "--" if kind == "dense" else "-", color=color, lw=wide)
        if len(seeds) > 1:
            axis.fill_between(epochs, seeds.min(0), seeds.max(0), color=color, alpha=0.2, lw=0)
        ends.append((epochs[-1], mean[-1], title, color))
    label_at_ends(axis, ends)
    axis.set_xlabel("epoch")
    axis.set_ylabel(f"{_NAMES[score]} of {CORPORA[base]}'s validation sentences, %")
    save_figure(figure, file)


def _curves(summary: Summary, base: str) -> dict[str, list[Mapping[str, Sequence[float]]]]:
    """The curves of dense and of six kinds of 5x that are there, by kind."""
    wanted = {"dense": base} | {kind: row_name(base, kind, 5) for kind in KINDS if kind != "units"}
    return {kind: summary["curves"][n] for kind, n in wanted.items() if n in summary["curves"]}


FIGURES: dict[str, Callable[[Summary, str, str, str | os.PathLike], None]] = {
    "compression": compression,
    "latency": latency,
    "training": training,
}


def figures_of(summary: Summary) -> list[tuple[str, str, str]]:
    """The figures of SNIPS' slots and of the intents of CLINC150 that there is something for."""
    found = []
    steps = summary["times"].get("files", {})
    for base, score in (("snips", "slot_f1"), ("clinc150", "accuracy")):
        series = series_of(summary, base)
        drawn = [row for rows in series.values() for row in rows]
        if len(drawn) > 1:
            found.append(("compression", base, score))
        if sum(row["row"] in steps for row in drawn) > 1:
            found.append(("latency", base, score))
    if len(_curves(summary, "snips")) > 1:
        found.append(("training", "snips", "slot_f1"))
    return found


def series_of(summary: Summary, base: str) -> dict[str, list[Row]]:
    """The rows of each kind, by size; of doped ones those without co-matrix dropout."""
    series: dict[str, list[Row]] = {}
    for kind in KINDS:
        rows = [row for row in summary["rows"] if row["base"] == base and row["method"] == kind]
        if kind == "doped_kronecker":
            rows = [row for row in rows if row["row"].endswith("_dropout0")]
        if rows:
            series[kind] = sorted(rows, key=lambda row: row["compression_with_indices"])
    return series


def _panel(base: str, score: str):
    figure, (axis,) = make_figure(7, 4.6)
    axis.set_xscale("log")
    axis.set_ylabel(f"{_NAMES[score]} of {CORPORA[base]}'s test sentences, %")
    return figure, axis


def _draw(axis, summary: Summary, base: str, score: str, place_of) -> None:
    ends = []
    for kind, every in series_of(summary, base).items():
        rows = [row for row in every if place_of(row) is not None]
        if not rows:
            continue
        title, color, mark = _STYLES[kind]
        places = [place_of(row) for row in rows]
        means = [row[f"test_{score}"]["mean"] for row in rows]
        wide = 2.2 if kind == "small_dense" else 1.4
        axis.plot(places, means, color=color, marker=mark, lw=wide, ms=6)
        for row, place in zip(rows, places, strict=True):
            if len(row["seeds"]) > 1:
                ends_of = [row[f"test_{score}"][end] for end in ("least", "most")]
                axis.plot([place] * 2, ends_of, color=color, lw=4, alpha=0.4)
        last = max(range(len(places)), key=places.__getitem__)
        ends.append((places[last], means[last], title, color))
    plain_log_ticks(axis.xaxis)
    label_at_ends(axis, [*ends, *_dense_line(axis, summary["rows"], base, score)])


def _dense_line(axis, rows: Sequence[Row], base: str, score: str):
    """Draws the level of the dense row, if it is there; returns its end."""
    found = [row[f"test_{score}"]["mean"] for row in rows if row["row"] == base]
    for mean in found:
        axis.axhline(mean, color="black", lw=1, ls=":")
    right = axis.get_xlim()[1]
    return [(right, mean, f"dense, {mean:.1f}", "#000000") for mean in found]
