"""The figures of the papers' table."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from line_labels import label_at_ends
from row_names import dense_row_of, without_options

from lrkeras.tasks.papers.language_models.config import BASES
from lrkeras.tasks.papers.language_models.rows import config_of
from lrkeras.tasks.papers.row_name import RowName
from lrkeras.tasks.training.plots import COLORS, make_figure, plain_log_ticks, save_figure, title_of

Summary = Mapping[str, Any]
Series = Mapping[str, Sequence[Mapping[str, Any]]]
_DIVERGED = 2  # times the perplexity of the dense row
# Colors and marks are a kind's in every figure; the rival is black.
STYLES: dict[str, tuple[str, str, str]] = {
    "small_dense": ("small dense (the rival)", "#000000", "D"),
    "pruned": ("pruned, single weights", COLORS[0], "^"),
    "doped_kronecker": ("doped Kronecker", COLORS[1], "o"),
    "doped_kronecker, 1x16": ("doped Kronecker, blocks of 1x16", COLORS[6], "s"),
    "monarch": ("Monarch", COLORS[2], "v"),
    "low_rank": ("low rank (LMF)", COLORS[3], "<"),
    "hybrid": ("hybrid (HMF)", COLORS[4], ">"),
    "kronecker": ("Kronecker", COLORS[7], "P"),
    "doped_kronecker, dropout 0.2": ("doped, co-matrix dropout 0.2", COLORS[5], "X"),
}
_MOST_SERIES = 7


def compression(summary: Summary, dense: str, file: str | os.PathLike) -> None:
    """Draws test perplexity against how many times fewer numbers, with indices counted.

    Args:
        summary: what `tools/papers/report_papers.py` writes. Of alike rows of several learning rates
            the one that the validation text prefers is drawn; of rows with several seeds the mean,
            and a bar from the least to the largest.
        dense: the dense row whose schedule is drawn.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    figure, axis = _panel()
    _draw(
        axis, summary, dense, series_of(summary, dense), lambda row: row["compression_with_indices"]
    )
    axis.set_xlabel("times fewer numbers in the recurrent layers, indices counted")
    axis.set_ylabel(f"test {_unit(dense)}")
    save_figure(figure, file)


def latency(summary: Summary, dense: str, file: str | os.PathLike) -> None:
    """Draws test perplexity against the speed of a step of the recurrent layers, dense int8 as 1.

    Args:
        summary: as for `compression`. Only rows that were timed on the machine of most are drawn.
        dense: the dense row whose schedule is drawn.
        file: the PNG to write.
    """
    series = series_of(summary, dense)
    alike = _timed_alike([row for rows in series.values() for row in rows])
    timed = {kind: [row for row in rows if row in alike] for kind, rows in series.items()}
    figure, axis = _panel()
    # Relative to the dense step of the same measurement: machines drift.
    _draw(axis, summary, dense, timed, lambda row: row["deployment"]["speedup_over_dense_int8"])
    axis.axvline(1, color="black", lw=1, ls=":")
    axis.set_xlabel("a step of the recurrent layers, times as fast as dense int8")
    axis.set_ylabel(f"test {_unit(dense)}")
    save_figure(figure, file)


def series_of(summary: Summary, dense: str) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each kind that a figure shows, by how much smaller they are.

    Without co-matrix dropout and with the usual annealing; those with co-matrix dropout are a kind
    of their own where there is room. At most seven kinds.
    """
    best: dict[tuple[str, float], Mapping[str, Any]] = {}
    for row in _rows_beside(summary, dense):
        kind = _drawn_kind(row["row"])
        if kind is None:
            continue
        key = (kind, round(row["compression"], 1))
        # The factors of a given rank have as many numbers as those of a compression.
        known = best.get(key)
        if known is None or row["valid_perplexity"] < known["valid_perplexity"]:
            best[key] = row
    series: dict[str, list] = {}
    for kind in STYLES:
        rows = [row for (of, _), row in best.items() if of == kind]
        if rows and len(series) < _MOST_SERIES:
            series[kind] = sorted(rows, key=lambda row: row["compression_with_indices"])
    return series


# The training that rows which compress a trained model have after that, of the dense row itself.
_TUNED = "started_e3_hold1_decay0.5_rate0.125"
# Of rows with these changes: other rates, other noise.
_OTHER_TRAINING = {
    "constant_epochs",
    "decay",
    "dropout",
    "co_matrix_dropout_until",
    "teacher_weight",
}


def _drawn_kind(name: str) -> str | None:
    config = config_of(name)
    base = config_of(config.base)
    usual = ("where", "anneal", "anneal_power", "counted", "is_started", "pooled")
    if any(getattr(config, key) != getattr(base, key) for key in usual):
        return None
    if RowName.read(name, BASES).changes.keys() & _OTHER_TRAINING:
        return None
    kind = config.method
    if config.is_doped and config.block:
        kind += f", {config.block[0]}x{config.block[1]}"
    if config.is_doped and config.co_matrix_dropout:
        kind += f", dropout {config.co_matrix_dropout:g}"
    return kind if kind in STYLES else None


def _panel():
    figure, (axis,) = make_figure(7, 4.6)
    axis.set_xscale("log")
    return figure, axis


def _draw(axis, summary: Summary, dense: str, series: Series, place_of) -> None:
    """Draws the series as lines whose names stand at their ends, and the dense row's level."""
    ends = []
    for kind, rows in series.items():
        if not rows:
            continue
        title, color, mark = STYLES[kind]
        places, scores = [place_of(row) for row in rows], [_score(row) for row in rows]
        wide = 2.2 if kind == "small_dense" else 1.4
        axis.plot(places, scores, color=color, marker=mark, lw=wide, label=title, ms=6)
        for row, place in zip(rows, places, strict=True):
            found = [_in_unit(one, row["base"]) for one in row["test_perplexities"]]
            if len(found) > 1:
                axis.plot([place] * 2, [min(found), max(found)], color=color, lw=4, alpha=0.4)
        last = max(range(len(places)), key=places.__getitem__)
        ends.append((places[last], scores[last], title, color))
    plain_log_ticks(axis.xaxis)
    label_at_ends(axis, [*ends, *_dense_line(axis, summary, dense)])


def training(summary: Summary, dense: str, file: str | os.PathLike) -> None:
    """Draws training perplexity and sparsity of a doped row with and without co-matrix dropout.

    Of several such pairs the one with the highest compression is drawn: there the two parts have
    most to adapt to.

    Args:
        summary: as for `compression`.
        dense: the dense row whose schedule is drawn; its own curve too.
        file: the PNG to write.
    """
    curves = summary["curves"]
    pair = max(_pairs(curves, dense), key=lambda names: config_of(names[0]).compression or 0)
    named = zip(pair, ("doped_kronecker, dropout 0.2", "doped_kronecker"), strict=True)
    shown = {name: STYLES[style][1] for name, style in named}
    titles = dict(zip(pair, ("with co-matrix dropout", "without"), strict=True))
    if dense in curves:
        shown[dense], titles[dense] = "#000000", "dense"
    figure, (upper, lower) = make_figure(7, 5.4, rows=2, sharex=True, height_ratios=(3, 2))
    ends = []
    for name, color in shown.items():
        curve = curves[name]
        epochs = [epoch + 1 for epoch in curve["epoch"]]
        score = [_in_unit(value, dense) for value in curve["perplexity"]]
        upper.plot(epochs, score, color=color, label=titles[name])
        ends.append((epochs[-1], score[-1], titles[name], color))
        percent = [100 * value for value in curve.get("sparsity", [])]
        style = "--" if titles[name] == "without" else "-"
        lower.plot(epochs[: len(percent)], percent, style, color=color)
    upper.set_yscale("log")
    plain_log_ticks(upper.yaxis)
    label_at_ends(upper, ends)
    upper.set_ylabel(f"training {_unit(dense)}")
    upper.set_title(title_of(without_options(pair[0], "dropout.*")), fontsize=10)
    lower.set_ylabel("sparsity of the\nsparse part (%)")
    lower.set_xlabel("epoch")
    lower.xaxis.get_major_locator().set_params(integer=True)
    save_figure(figure, file)


def _pairs(curves: Mapping[str, Any], dense: str) -> list[tuple[str, str]]:
    """Names of the rows of a schedule that differ in co-matrix dropout alone: with, without."""
    without = {without_options(n, "dropout0"): n for n in curves if _is_without_dropout(n)}
    return [(n, without[n]) for n in curves if n in without and dense_row_of(n) == dense]


def _is_without_dropout(name: str) -> bool:
    config = config_of(name)
    return config.is_doped and not config.co_matrix_dropout


def _timed_alike(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows that were timed on the machine of most: ratios depend on its instructions too."""
    timed = [row for row in rows if "skipped" not in row["deployment"]]
    machines = [row["deployment"].get("machine") for row in timed]
    most = max(machines, key=machines.count, default=None)
    return [row for row, machine in zip(timed, machines, strict=True) if machine == most]


def ranks(summary: Summary, dense: str, file: str | os.PathLike) -> None:
    """Draws what is left of a trained model once one kind of its matrices is factorised and tuned.

    Args:
        summary: as for `compression`.
        dense: the trained dense row.
        file: the PNG to write.
    """
    rows = [row for row in summary["rows"] if "norms" in row and row["base"] == dense]
    figure, axis = _panel()
    ends = []
    for method, color in (("svd", COLORS[0]), ("semi_nmf", COLORS[1]), ("pruned", COLORS[2])):
        for role, style in (("input", "--"), ("recurrent", "-")):
            chosen = [row for row in rows if (row["method"], _role(row)) == (method, role)]
            if not chosen:
                continue
            chosen.sort(key=_rank)
            places, scores = [_rank(row) for row in chosen], [_score(row) for row in chosen]
            label = f"{title_of(method)}, {role}"
            axis.plot(places, scores, style, marker="o", color=color, label=label)
            ends.append((places[-1], scores[-1], label, color))
    axis.set_xticks(sorted({_rank(row) for row in rows}), minor=False)
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter("")
    for row, title in ((dense, "dense"), (f"{dense}_{_TUNED}", "dense, tuned too")):
        ends += _dense_line(axis, summary, row, title)
    label_at_ends(axis, ends)
    axis.set_xlabel("rank, or as many numbers by pruning")
    axis.set_ylabel(f"test {_unit(dense)}, after tuning")
    save_figure(figure, file)


FIGURES: dict[str, Callable[[Summary, str, str | os.PathLike], None]] = {
    "compression": compression,
    "training": training,
    "latency": latency,
    "ranks": ranks,
}


def figures_of(summary: Summary) -> list[tuple[str, str]]:
    """The figures that the rows have something to draw in, each with the dense row it is of."""
    found = []
    for dense in _dense_rows(summary):
        series = series_of(summary, dense)
        drawn = [row for rows in series.values() for row in rows]
        if len(drawn) > 1:
            found.append(("compression", dense))
        if len(_timed_alike(drawn)) > 1:
            found.append(("latency", dense))
        if _pairs(summary["curves"], dense):
            found.append(("training", dense))
        if any("norms" in row and row["base"] == dense for row in summary["rows"]):
            found.append(("ranks", dense))
    return found


def _role(row: Mapping[str, Any]) -> str:
    return "input" if "_input_" in row["row"] else "recurrent"


def _rank(row: Mapping[str, Any]) -> int:
    return int(row["row"].rsplit("_r", 1)[1].split("_")[0].split("@")[0])


def _score(row: Mapping[str, Any]) -> float:
    return _in_unit(row["test_perplexity"], row["base"])


def _in_unit(perplexity: float, name: str) -> float:
    return math.log2(perplexity) if _is_of_characters(name) else perplexity


def _unit(name: str) -> str:
    return "bits per character" if _is_of_characters(name) else "perplexity"


def _is_of_characters(name: str) -> bool:
    return config_of(name).corpus == "ptb_characters"


def _dense_rows(summary: Summary) -> list[str]:
    """Names of the dense rows, trained or not, that rows are compared with: one a schedule."""
    return sorted({dense_row_of(row["row"]) for row in summary["rows"]})


def _rows_beside(summary: Summary, dense: str) -> list[Mapping[str, Any]]:
    """The rows of the schedule of a dense one, but for those that diverged."""
    rows = [row for row in summary["rows"] if dense_row_of(row["row"]) == dense]
    reached = [row["test_perplexity"] for row in rows if row["row"] == dense]
    most = _DIVERGED * min(reached, default=math.inf)
    return [row for row in rows if row["test_perplexity"] <= most]


def _dense_line(
    axis, summary: Summary, dense: str, title: str = "dense"
) -> list[tuple[float, float, str, str]]:
    """Draws the level of a dense row, if it is there; returns its end for `label_at_ends`."""
    found = [row for row in summary["rows"] if row["row"] == dense]
    for row in found:
        axis.axhline(_score(row), color="black", lw=1, ls=":")
    right = axis.get_xlim()[1]
    return [(right, _score(row), f"{title}, {_score(row):.4g}", "#000000") for row in found]
