"""The figures of a report, drawn without a display."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from lrkeras.system.atomic_write import written_whole

# Dark enough to be told apart in grey as well.
COLORS = (
    "#1b4f8f",
    "#c2571a",
    "#2a7f4f",
    "#7a3b8f",
    "#8f6b1b",
    "#1b8f8a",
    "#8f1b3d",
    "#555555",
)


def training(
    histories: Mapping[str, Mapping[str, Sequence[float]]], file: str | os.PathLike
) -> None:
    """Draws perplexity and sparsity over the epochs.

    Args:
        histories: for each model the columns of its history: `epoch`, `perplexity`,
            `val_perplexity` and, with a sparse part, `sparsity`.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    figure, (upper, lower) = make_figure(7, 6, rows=2, sharex=True, height_ratios=(3, 2))
    for color, (name, history) in zip(COLORS, histories.items(), strict=False):
        epochs = [epoch + 1 for epoch in history["epoch"]]
        label = title_of(name)
        score = history["val_perplexity"]
        final = f"{label} ({score[-1]:.1f} at the end)"
        upper.plot(epochs, score, "o-", color=color, label=final)
        upper.plot(epochs, history["perplexity"], "--", color=color)
        if "sparsity" in history:
            percent = [100 * sparsity for sparsity in history["sparsity"]]
            final = f"{label} ({percent[-1]:.1f} % at the end)"
            lower.plot(epochs, percent, "o-", color=color, label=final)
    upper.set_yscale("log")
    plain_log_ticks(upper.yaxis)
    upper.set_ylabel("perplexity")
    upper.legend(frameon=False, fontsize=9, title="validation; dashed: training")
    if any("sparsity" in history for history in histories.values()):
        lower.legend(frameon=False, fontsize=9, loc="lower right")
    lower.set_ylim(0, 105)
    lower.set_ylabel("sparsity of the\nsparse part (%)")
    lower.set_xlabel("epoch")
    lower.xaxis.get_major_locator().set_params(integer=True)
    save_figure(figure, file)


def tradeoff(rows: Sequence[Mapping[str, Any]], file: str | os.PathLike) -> None:
    """Draws latency against perplexity, each file a disc whose area is its size.

    Args:
        rows: for each file its `name`, `bytes`, `median_us` and `perplexity`.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    figure, (axes,) = make_figure(7, 4.6)
    largest = max(row["bytes"] for row in rows)
    for row in rows:
        draw_disc(
            axes,
            (row["median_us"], row["perplexity"]),
            row["bytes"] / largest,
            f"{title_of(row['name'])}\n{row['bytes'] / 1e3:,.0f} kB, {row['median_us']:.1f} µs",
            color=COLORS[0] if row["name"].startswith("dense") else COLORS[1],
        )
    axes.margins(x=0.22, y=0.35)
    axes.set_xscale("log")
    plain_log_ticks(axes.xaxis)
    axes.set_xlabel("time of one word (µs, median, one thread; logarithmic)")
    axes.set_ylabel("perplexity (lower is better)")
    axes.set_title("Lower left is better; the area of a disc is the size of the file", fontsize=10)
    save_figure(figure, file)


def draw_disc(
    axes, place: tuple[float, float], size: float, label: str, *, color: str, fontsize: int = 9
) -> None:
    """Draws a point in a disc with a label above it.

    Args:
        axes: what to draw on.
        place: of the point.
        size: the area of the disc, 1 for the largest.
        label: its text.
        color: of both.
        fontsize: of the label.
    """
    area = 1600 * size
    axes.scatter(*place, s=area, color=color, alpha=0.35, linewidths=0)
    axes.scatter(*place, s=14, color=color)
    axes.annotate(
        label,
        place,
        (0, (area / 3.1416) ** 0.5 + 4),
        textcoords="offset points",
        ha="center",
        fontsize=fontsize,
    )


def make_figure(width: float, height: float, *, rows: int = 1, **grid):
    """A figure without a display, and its axes one above the other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        rows, 1, squeeze=False, sharex=grid.pop("sharex", False), gridspec_kw=grid
    )
    for axis in axes[:, 0]:
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes[:, 0]


def plain_log_ticks(axis) -> None:
    """Lets a logarithmic axis have ticks at 1, 2, 5, 10 and so on, written out."""
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter("")


def save_figure(figure, file: str | os.PathLike) -> None:
    """Writes a PNG."""
    with written_whole(file) as draft:
        figure.savefig(draft, dpi=150, facecolor="white")


def title_of(name: str) -> str:
    """The name of a model, for people."""
    return name.replace("_", " ")
