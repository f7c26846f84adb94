"""What the page of translation has between its comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from translation_table import KINDS, WIDTHS

from lrkeras.system.markdown_table import markdown_table
from lrkeras.tasks.papers.translation.rows import SIZES, row_name

Summary = Mapping[str, Any]
Row = Mapping[str, Any]
_HEADINGS = (
    "int8 file, test BLEU (95 %)",
    "greedy",
    "beam 4",
    "to dense",
    "to small dense",
    "times fewer; with indices",
    "file",
    "decode step",
    "seeds",
    "hours",
)


def markdown(summary: Summary) -> str:
    """The tables, the claims and what is missing."""
    parts = [_claims(summary), *(_table(summary, base) for base in WIDTHS)]
    return "\n\n".join(
        part for part in [*parts, _times(summary), _rates(summary), _missing(summary)] if part
    )


def _claims(summary: Summary) -> str:
    rows = [[one["claim"], one["verdict"], one["evidence"]] for one in summary["claims"]]
    return markdown_table(["claim of the papers", "here", "test sentences"], rows)


def _table(summary: Summary, base: str) -> str:
    """The rows of a width: dense, each kind and size, and what needs no model."""
    rows = {row["row"]: row for row in summary["rows"]}
    names = {base: "dense int8"} | {
        row_name(base, kind, size): f"{title}, {size}x"
        for size in SIZES
        for kind, title in KINDS.items()
    }
    if not any(name in rows for name in names):
        return f"**{WIDTHS[base]}**: no row is trained yet."
    further = {n: n for n, row in rows.items() if row["base"] == base and n not in names}
    lines = [_line(title, rows.get(name), summary) for name, title in (names | further).items()]
    baselines = summary["corpus"]["baselines"]
    for name, title in (("copy", "the source itself"), ("nearest", "nearest training sentence's")):
        lines.append([title, f"{baselines[name]:.1f}", *[""] * (len(_HEADINGS) - 2)])
    heading = [f"{WIDTHS[base]}: {_HEADINGS[0]}", *_HEADINGS[1:]]
    return markdown_table(heading, lines)


def _line(title: str, row: Row | None, summary: Summary) -> list[str]:
    if row is None:
        return [title, "missing", *[""] * (len(_HEADINGS) - 2)]
    step = summary["times"].get("files", {}).get(row["row"])
    scores = [
        "{:.1f} ({:.1f} to {:.1f})".format(*row[f"test_{search}"])
        if f"test_{search}" in row
        else f"no file: {row['skipped']}"
        for search in ("greedy", "beam")
    ]
    return [
        title,
        *scores,
        _difference(row["to_dense"]),
        _difference(row["to_small_dense"]),
        f"{row['compression']:.1f}; {row['compression_with_indices']:.1f}",
        f"{row['file_bytes'] / 1000:,.0f} KB" if row["file_bytes"] else "",
        f"{step['decode_us']:.0f} us, {step['decode_speedup']:.2f}" if step else "",
        str(len(row["seeds"])),
        f"{row['processor_hours']:.1f}",
    ]


def _difference(one: Mapping[str, Any] | None) -> str:
    """In bold where the interval leaves out zero."""
    if one is None:
        return ""
    mean, low, high = one["points"]
    sign = "**" if one["verdict"] != "no clear difference" else ""
    return f"{sign}{mean:+.1f}{sign} ({low:+.1f} to {high:+.1f})"


def _times(summary: Summary) -> str:
    times = summary["times"]
    if not times:
        return "The files are not timed yet."
    loads = ", ".join(f"{load:.1f}" for load in times["load_averages"])
    return (
        "Decode step: one sub-word through the decoder's half of the file, and times as fast as dense int8 in the same rounds; "
        f"{times['machine']}, load average {loads}."
    )


def _rates(summary: Summary) -> str:
    found = summary["valid_loss_of_short_runs"]
    rates = sorted({rate for one in found.values() for rate in one}, key=float)
    titles = {"dense": "dense", **KINDS}
    lines = [
        [titles[kind], *(_rate(one.get(rate), min(one.values())) for rate in rates)]
        for kind, one in found.items()
    ]
    heading = ["validation loss of the short runs (nats a sub-word); learning rate", *rates]
    return markdown_table(heading, lines) if lines else ""


def _rate(loss: float | None, best: float) -> str:
    if loss is None:
        return "missing"
    return f"**{loss:.3f}**" if loss == best else f"{loss:.3f}"


def _missing(summary: Summary) -> str:
    names = summary["missing"]
    took = f"What is trained took {summary['processor_hours']:.1f} hours of a core in all."
    if not names:
        return f"{took} Nothing of the queue is missing."
    shown: Sequence[str] = [f"`{name}`" for name in names[:12]]
    more = f" and {len(names) - 12} more, listed in the data" if len(names) > 12 else ""
    return f"{took} **Missing**: {len(names)} runs of the queue: {', '.join(shown)}{more}."
