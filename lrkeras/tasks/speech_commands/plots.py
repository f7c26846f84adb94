"""The figures of the task, drawn without a display."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

# Dark enough to be told apart in grey as well.
COLORS = ("#1b4f8f", "#c2571a", "#2a7f4f", "#7a3b8f")


def learning_curves(
    histories: Mapping[str, Mapping[str, Sequence[float]]], file: str | os.PathLike
) -> None:
    """Draws the loss of the training strings and the accuracy on unseen speakers by epoch.

    Args:
        histories: for each model the columns of its history: `epoch`, `loss`, `val_accuracy`.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    figure, (upper, lower) = _figure(7, 6, rows=2)
    for color, (name, history) in zip(COLORS, histories.items(), strict=False):
        epochs = [epoch + 1 for epoch in history["epoch"]]
        percent = [100 * share for share in history["val_accuracy"]]
        label = f"{_title(name)} ({percent[-1]:.1f} % at the end)"
        upper.plot(epochs, percent, "o-", markersize=3, color=color, label=label)
        # The dense model's loss has the CTC loss of strings, those of its pupils that of frames.
        scale = [value / history["loss"][0] for value in history["loss"]]
        lower.plot(epochs, scale, color=color)
    upper.set_ylabel("12-class accuracy,\nunseen speakers (%)")
    upper.legend(frameon=False, loc="lower right")
    lower.set_ylabel("training loss by\nthat of the first epoch")
    lower.set_yscale("log")
    lower.set_xlabel("epoch")
    lower.xaxis.get_major_locator().set_params(integer=True)
    _save(figure, file)


def tradeoff(rows: Sequence[Mapping[str, Any]], file: str | os.PathLike) -> None:
    """Draws latency against accuracy, each file a disc whose area is its size.

    Args:
        rows: for each file its `name`, `bytes`, `step_us` and `accuracy`.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    figure, (axes,) = _figure(7, 4.6)
    largest = max(row["bytes"] for row in rows)
    for row in rows:
        color = COLORS[0] if "dense" in row["name"] else COLORS[1]
        place = (row["step_us"], 100 * row["accuracy"])
        area = 1600 * row["bytes"] / largest
        axes.scatter(*place, s=area, color=color, alpha=0.35, linewidths=0)
        axes.scatter(*place, s=14, color=color)
        axes.annotate(
            f"{_title(row['name'])}\n{row['bytes'] / 1e3:,.0f} kB",
            place,
            (0, (area / 3.1416) ** 0.5 + 4),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axes.margins(x=0.2, y=0.3)
    axes.set_xlabel("time of a step of 20 ms of sound (µs, median, one thread)")
    axes.set_ylabel("12-class accuracy, unseen speakers (%)")
    axes.set_title("Upper left is better; the area of a disc is the size of the file", fontsize=10)
    _save(figure, file)


def _figure(width: float, height: float, *, rows: int = 1):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, 1, squeeze=False, sharex=True)[:, 0]
    for axis in axes:
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure, file: str | os.PathLike) -> None:
    figure.savefig(file, dpi=150, facecolor="white")


def _title(name: str) -> str:
    return name.replace("_", " ")
