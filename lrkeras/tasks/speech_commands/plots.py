"""The figures of the task, drawn without a display."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from lrkeras.tasks.training.plots import COLORS, make_figure, save_figure, title_of


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
    figure, (upper, lower) = make_figure(7, 6, rows=2, sharex=True)
    for color, (name, history) in zip(COLORS, histories.items(), strict=False):
        epochs = [epoch + 1 for epoch in history["epoch"]]
        percent = [100 * share for share in history["val_accuracy"]]
        label = f"{title_of(name)} ({percent[-1]:.1f} % at the end)"
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
    save_figure(figure, file)


def quality(rows: Mapping[str, Mapping[str, Any]], file: str | os.PathLike) -> None:
    """Draws accuracy against bytes, and against the time of a step where it was measured.

    Args:
        rows: for each model its `bytes` and `accuracy` (`mean`, `low`, `high`), and, if timed,
            `warm_us` and `cold_us`.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    timed = {name: row for name, row in rows.items() if "warm_us" in row}
    figure, panels = make_figure(7, 8 if timed else 4.4, rows=2 if timed else 1)
    for color, (name, row) in zip(COLORS, rows.items(), strict=False):
        label = f"{title_of(name)}, {row['bytes'] / 1e3:,.0f} kB"
        _with_interval(panels[0], row["bytes"] / 1e3, row["accuracy"], color, label=label)
        if name in timed:
            _with_interval(panels[1], row["warm_us"], row["accuracy"], color)
            _with_interval(panels[1], row["cold_us"], row["accuracy"], color, hollow=True)
    panels[0].set_xlabel("size of the file (kB)")
    panels[0].legend(frameon=False, loc="lower right", fontsize=8)
    for panel in panels:
        panel.set_ylabel("12-class accuracy, test speakers (%)")
    if timed:
        panels[1].set_xlabel(
            "time of a step of 20 ms of sound (µs, one thread; hollow: cold caches)"
        )
    save_figure(figure, file)


def _with_interval(
    axes, x: float, score: Mapping[str, float], color: str, *, label: str = "", hollow: bool = False
) -> None:
    """A point with its interval, in percent."""
    mean, low, high = (100 * score[key] for key in ("mean", "low", "high"))
    axes.errorbar(
        x,
        mean,
        [[mean - low], [high - mean]],
        fmt="o",
        color=color,
        markerfacecolor="white" if hollow else color,
        capsize=3,
        label=label or None,
    )
