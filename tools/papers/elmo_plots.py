"""The figures of the ELMo rows."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

from elmo_claims import NAMES, TASKS, row_name
from elmo_table import DENSE, INT8, SMALL, WORDS
from line_labels import label_at_ends
from paper_plots import STYLES

from lrkeras.tasks.papers.elmo.rows import METHODS, RANKS, WHERE
from lrkeras.tasks.training.plots import COLORS, make_figure, plain_log_ticks, save_figure

Summary = Mapping[str, Any]
# As in the other figures of the papers: SVD is low rank there.
_COLORS = {
    "svd": STYLES["low_rank"][1],
    "semi_nmf": COLORS[2],
    "pruned": STYLES["pruned"][1],
}
_MARKS = {"svd": "<", "semi_nmf": "o", "pruned": "^"}
_LINES = {"input": "--", "recurrent": "-"}
_BLACK = STYLES["small_dense"][1]


def scores(task: str, summary: Summary, file: str | os.PathLike) -> None:
    """Draws the test score of a task against the rank, with intervals of the difference to dense.

    Args:
        task: name of the task.
        summary: of `elmo_table.summarise`.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    rows = {row["row"]: row for row in summary["rows"]}
    dense = rows[DENSE]["tasks"][task]["test"]
    figure, (axis,) = make_figure(7, 4.8)
    ends = []
    for number, (where, method) in enumerate((w, m) for w in WHERE for m in METHODS):
        points = []
        for rank in RANKS:
            found = rows.get(row_name(method, where, rank), {}).get("tasks", {}).get(task)
            if found:
                # Bars of alike scores would hide one another.
                place = rank * 1.03 ** (number - 2.5)
                axis.plot(
                    [place] * 2,
                    [dense + end for end in found["to_dense"][1:]],
                    lw=1,
                    alpha=0.6,
                    color=_COLORS[method],
                )
                points.append((place, found["test"]))
        if points:
            axis.plot(
                *zip(*points, strict=True),
                _LINES[where],
                marker=_MARKS[method],
                ms=5,
                color=_COLORS[method],
            )
            ends.append((*points[0], f"{NAMES[method]}, {where}", _COLORS[method]))
    _against_ranks(axis, [*ends, *_rivals(axis, rows, task, dense)])
    axis.set_ylabel(f"{TASKS[task]}, test {'F1' if task == 'squad' else 'accuracy'}, %")
    save_figure(figure, file)


def _against_ranks(axis, ends: list[tuple[float, float, str, str]]) -> None:
    """The axis of the ranks, falling: the lines part at small ones, where they are named."""
    axis.set_xscale("log")
    axis.set_xticks(RANKS, [str(rank) for rank in RANKS])
    axis.minorticks_off()
    axis.invert_xaxis()
    label_at_ends(axis, ends)
    axis.set_xlabel("rank of the factors, or as many numbers kept")


def _rivals(axis, rows: Mapping[str, Any], task: str, dense: float) -> list:
    """Levels of what has no rank, and the small dense model at its numbers; returns their names."""
    levels = {"dense": dense}
    for name, title in ((INT8, "dense int8"), (WORDS, "no language model")):
        if task in rows.get(name, {}).get("tasks", {}):
            levels[title] = rows[name]["tasks"][task]["test"]
    for place, level in enumerate(levels.values()):
        axis.axhline(level, color=_BLACK, lw=0.9, ls=(0, (1 + 2 * place, 2)))
    ends = [(RANKS[0], level, title, _BLACK) for title, level in levels.items()]
    found = rows.get(SMALL, {}).get("tasks", {}).get(task)
    if found:
        axis.plot(
            [RANKS[0]] * 2, [dense + end for end in found["to_dense"][1:]], lw=1, color=_BLACK
        )
        axis.plot(RANKS[0], found["test"], STYLES["small_dense"][2], color=_BLACK, ms=7)
        ends.append((RANKS[0], found["test"], "small dense", _BLACK))
    return ends


def spread(summary: Summary, file: str | os.PathLike) -> None:
    """Draws how the spread of the L1 norms of the compressed matrices compares with the dense.

    Args:
        summary: of `elmo_table.summarise`.
        file: the PNG to write.
    """
    rows = {row["row"]: row for row in summary["rows"]}
    figure, (axis,) = make_figure(7, 4.4)
    ends = []
    for where in WHERE:
        before = rows[DENSE]["norms"][where]["l1_spread"]
        for method in METHODS:
            points = [
                (rank, rows[name]["norms"][where]["l1_spread"] / before)
                for rank in RANKS
                if (name := row_name(method, where, rank)) in rows
            ]
            if points:
                axis.plot(
                    *zip(*points, strict=True),
                    _LINES[where],
                    marker=_MARKS[method],
                    ms=5,
                    color=_COLORS[method],
                )
                ends.append((*points[0], f"{NAMES[method]}, {where}", _COLORS[method]))
    axis.axhline(1, color=_BLACK, lw=0.9, ls=":")
    axis.set_yscale("log")
    plain_log_ticks(axis.yaxis)
    _against_ranks(axis, ends)
    axis.set_ylabel("spread of the L1 norms, times that of dense")
    save_figure(figure, file)


def training(summary: Summary, file: str | os.PathLike) -> None:
    """Draws the perplexities of the validation half after every epoch.

    Args:
        summary: of `elmo_table.summarise`.
        file: the PNG to write.
    """
    figure, (axis,) = make_figure(7, 4.4)
    ends = []
    for name, title, color in ((DENSE, "dense", COLORS[7]), (SMALL, "small dense", _BLACK)):
        for way, line in (("forward", "-"), ("backward", "--")):
            curve = summary["curves"].get(name, {}).get(f"val_{way}_perplexity")
            if curve:
                epochs = range(1, len(curve) + 1)
                axis.plot(epochs, curve, line, marker="o", ms=4, color=color)
                ends.append((len(curve), curve[-1], f"{title}, {way}, {curve[-1]:.0f}", color))
    axis.xaxis.get_major_locator().set_params(integer=True)
    label_at_ends(axis, ends)
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation perplexity")
    save_figure(figure, file)


FIGURES: dict[str, Callable[[Summary, str | os.PathLike], None]] = {
    **{task: functools.partial(scores, task) for task in TASKS},
    "spread": spread,
    "training": training,
}


def figures_of(summary: Summary) -> list[str]:
    """The figures that the runs have something to draw in."""
    rows = {row["row"]: row for row in summary["rows"]}
    found = ["training"] if summary["curves"] else []
    compressed = [row for row in rows.values() if row["row"] not in (DENSE, INT8, SMALL, WORDS)]
    if DENSE not in rows or not compressed:
        return found
    tasks = [task for task in TASKS if task in rows[DENSE]["tasks"]]
    return [*tasks, "spread", *found]
