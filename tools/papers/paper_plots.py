"""The figures of the papers' table."""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from row_names import dense_row_of, without_options

from lrkeras.tasks.papers.rows import config_of
from lrkeras.tasks.training.plots import COLORS, make_figure, plain_log_ticks, save_figure, title_of

Summary = Mapping[str, Any]
_DIVERGED = 2  # times the perplexity of the dense row


def compression(summary: Summary, file: str | os.PathLike) -> None:
    """Draws test perplexity against compression, without and with the indices.

    Args:
        summary: what `tools/papers/report_papers.py` writes. Rows that are not there are not drawn, and
            those that diverged neither.
        file: the PNG to write.

    Raises:
        ImportError: matplotlib is not installed.
    """
    dense_rows, styles = _dense_rows(summary), _styles(summary)
    figure, axes = make_figure(8, 4 * len(dense_rows), rows=len(dense_rows))
    for axis, dense in zip(axes, dense_rows, strict=True):
        rows = [r for r in _rows_beside(summary, dense) if r["method"] != "dense"]
        for kind, chosen in _by(rows, _kind).items():
            color, mark = styles[kind]
            score = [_score(row) for row in chosen]
            plain = [row["compression"] for row in chosen]
            counted = [row["compression_with_indices"] for row in chosen]
            axis.plot(plain, score, mark, color=color, label=title_of(kind))
            axis.plot(counted, score, mark, color=color, markerfacecolor="none")
            for a, b, y in zip(plain, counted, score, strict=True):
                axis.plot([a, b], [y, y], color=color, lw=0.8, alpha=0.6)
        _dense_line(axis, summary, dense)
        axis.set_xscale("log")
        plain_log_ticks(axis.xaxis)
        title = f"{title_of(dense)}: filled, numbers alone; empty, with indices"
        axis.set_title(title, fontsize=10)
        axis.set_ylabel(f"test {_unit(dense)}")
        _legend_beside(axis)
    axes[-1].set_xlabel("compression of the recurrent layers (times, logarithmic)")
    save_figure(figure, file)


def _legend_beside(axis) -> None:
    """So many kinds leave no place for it among the points."""
    axis.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def training(summary: Summary, file: str | os.PathLike) -> None:
    """Draws training perplexity and sparsity, with and without co-matrix dropout.

    Every pair of a doped row and the same with `_dropout0` is drawn; without one, doped rows.
    """
    curves = summary["curves"]
    without = {without_options(n, "dropout0"): n for n in curves if _is_without_dropout(n)}
    pairs = [name for name in curves if name in without]
    shown = [n for name in pairs for n in (name, without[name])]
    shown = shown or [name for name, c in curves.items() if "sparsity" in c]
    schedules = _by(shown, dense_row_of)
    count = max(1, len(schedules))
    figure, axes = make_figure(8, 6 * count, rows=2 * count, height_ratios=(3, 2) * count)
    for (dense, names), upper, lower in zip(schedules.items(), axes[::2], axes[1::2], strict=False):
        for color, name in zip(COLORS, names, strict=False):
            curve = curves[name]
            epochs = [epoch + 1 for epoch in curve["epoch"]]
            style = "--" if _is_without_dropout(name) else "-"
            score = [_in_unit(value, dense) for value in curve["perplexity"]]
            upper.plot(epochs, score, style, color=color, label=title_of(name))
            percent = [100 * value for value in curve.get("sparsity", [])]
            lower.plot(epochs[: len(percent)], percent, style, color=color)
        upper.set_yscale("log")
        plain_log_ticks(upper.yaxis)
        upper.set_ylabel(f"training {_unit(dense)}")
        upper.legend(frameon=False, fontsize=8)
        lower.set_ylabel("sparsity of the\nsparse part (%)")
        lower.set_xlabel("epoch")
        for axis in (upper, lower):
            axis.xaxis.get_major_locator().set_params(integer=True)
    save_figure(figure, file)


def _is_without_dropout(name: str) -> bool:
    config = config_of(name)
    return config.is_doped and not config.co_matrix_dropout


def latency(summary: Summary, file: str | os.PathLike) -> None:
    """Draws test perplexity against the step of the recurrent layers, with dense int8 as a line."""
    dense_rows, styles = _dense_rows(summary), _styles(summary)
    figure, axes = make_figure(8, 4 * len(dense_rows), rows=len(dense_rows))
    for axis, dense in zip(axes, dense_rows, strict=True):
        rows = _timed_alike(_rows_beside(summary, dense))
        for kind, chosen in _by(rows, _kind).items():
            color, mark = styles[kind]
            # Relative to the dense step of the same measurement: machines drift.
            times = [1 / row["deployment"]["speedup_over_dense_int8"] for row in chosen]
            score = [_score(row) for row in chosen]
            axis.plot(times, score, mark, color=color, label=title_of(kind))
        axis.axvline(1, color="black", lw=1, label="dense int8")
        _dense_line(axis, summary, dense)
        axis.set_xscale("log")
        low, high = axis.get_xlim()
        axis.set_xlim(min(low, 0.5), max(high, 1.5))  # a few percent are noise
        plain_log_ticks(axis.xaxis)
        axis.set_title(title_of(dense), fontsize=10)
        axis.set_ylabel(f"test {_unit(dense)}")
        _legend_beside(axis)
    axes[-1].set_xlabel("time of a step of the recurrent layers, int8 (dense int8 = 1)")
    save_figure(figure, file)


def _timed_alike(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows that were timed on the machine of most: ratios depend on its instructions too."""
    timed = [row for row in rows if "skipped" not in row["deployment"]]
    machines = [row["deployment"].get("machine") for row in timed]
    most = max(machines, key=machines.count, default=None)
    return [row for row, machine in zip(timed, machines, strict=True) if machine == most]


def norms(summary: Summary, file: str | os.PathLike) -> None:
    """Draws what factorising one kind of matrix costs against the rank, and against its norms.

    The norms are those of the matrices that are factorised, after tuning, a mean over layers.
    """
    rows = [row for row in summary["rows"] if "norms" in row]
    bases = _by(rows, lambda row: row["base"])
    against: dict[str, Callable[[Mapping[str, Any]], float]] = {
        "rank": _rank,
        "variance of the L1 norms of the columns, by their squared mean": functools.partial(
            _mean_norm, key="l1_spread"
        ),
        "nuclear norm, by the root of the number of entries": functools.partial(
            _mean_norm, key="nuclear"
        ),
    }
    count = max(1, len(bases))
    figure, axes = make_figure(8, 9 * count, rows=3 * count)
    for place, (base, of_base) in enumerate(bases.items()):
        for axis, (name, place_of) in zip(axes[3 * place :], against.items(), strict=False):
            _norms_of(axis, of_base, base, place_of)
            axis.set_xlabel(name)
        top = axes[3 * place]
        top.set_title(f"{title_of(base)}: filled, after tuning; empty, before it", fontsize=10)
        top.set_xticks(sorted({_rank(row) for row in of_base}))
        top.legend(frameon=False, fontsize=8)
    save_figure(figure, file)


def _norms_of(axis, rows, base: str, place_of: Callable[[Mapping[str, Any]], float]) -> None:
    kinds = sorted({(row["method"], _role(row)) for row in rows})
    for color, kind in zip(COLORS, kinds, strict=False):
        chosen = [row for row in rows if (row["method"], _role(row)) == kind]
        places = [place_of(row) for row in chosen]
        before = [_in_unit(row["before_tuning_test_perplexity"], base) for row in chosen]
        axis.plot(places, before, "o", color=color, markerfacecolor="none")
        label = f"{title_of(kind[0])}, {kind[1]}"
        axis.plot(places, [_score(row) for row in chosen], "o", color=color, label=label)
    axis.set_ylabel(f"test {_unit(base)}")
    axis.set_yscale("log")
    plain_log_ticks(axis.yaxis)


FIGURES: dict[str, Callable[[Summary, str | os.PathLike], None]] = {
    "compression": compression,
    "training": training,
    "latency": latency,
    "norms": norms,
}


def _role(row: Mapping[str, Any]) -> str:
    return "input" if "_input_" in row["row"] else "recurrent"


def _rank(row: Mapping[str, Any]) -> int:
    return int(row["row"].rsplit("_r", 1)[1].split("_")[0].split("@")[0])


def _mean_norm(row: Mapping[str, Any], key: str) -> float:
    found = [norm[key] for norm in row["norms"] if norm["role"] == _role(row)]
    return sum(found) / len(found)


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


def _by(rows: Sequence, key: Callable[[Any], str]) -> dict[str, list]:
    groups: dict[str, list] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _kind(row: Mapping[str, Any]) -> str:
    """The method, with the blocks of its sparse part, and whether it had co-matrix dropout."""
    config = config_of(row["row"])
    stacked = ["stacked"] if config.where == "stacked" else []
    block = [f"{config.block[0]}x{config.block[1]}"] if config.block else []
    dropout = ["no dropout"] if _is_without_dropout(row["row"]) else []
    return ", ".join([row["method"], *stacked, *block, *dropout])


def _styles(summary: Summary) -> dict[str, tuple[str, str]]:
    """A color and a mark for each kind: more pairs than there are colors."""
    pairs = itertools.cycle((color, mark) for mark in "os^D" for color in COLORS)
    return dict(zip(sorted({_kind(row) for row in summary["rows"]}), pairs, strict=False))


def _dense_line(axis, summary: Summary, dense: str) -> None:
    found = [row for row in summary["rows"] if row["row"] == dense]
    if found:
        score = _score(found[0])
        axis.axhline(score, color="black", lw=1, ls=":", label=f"dense, {score:.4g}")
