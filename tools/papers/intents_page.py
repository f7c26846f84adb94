"""What the page of intents and slots has between its comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from intents_table import CORPORA, KINDS, SIZES, row_name, scores_of

Summary = Mapping[str, Any]
_SCORES = {"accuracy": "accuracy", "slot_f1": "slot F1"}


def markdown(summary: Summary) -> str:
    """The tables, the claims and what is missing."""
    parts = [
        _claims(summary),
        _quality(summary),
        _rival(summary),
        _sizes(summary),
        _against(summary),
    ]
    parts += [_rates(summary), _missing(summary)]
    return "\n\n".join(part for part in parts if part)


_CAPTIONS = {
    "compression": "By numbers stored; a bar is the range of the seeds",
    "latency": "By the speed of a step of the file",
    "training": "After every epoch, validation sentences, rows of 5x",
}


def pictures(figures: Sequence[tuple[str, str, str]], prefix: str) -> str:
    """The lines that show figures, of `intents_plots.figures_of`, whose files begin alike."""
    return "\n\n".join(
        f"{_CAPTIONS[name]}:\n\n![{CORPORA[base]}, {_SCORES[score]}: {_CAPTIONS[name].lower()}]"
        f"({prefix}_{name}_{base}.png)"
        for name, base, score in figures
    )


def _table(heading: list[str], rows: list[list[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _claims(summary: Summary) -> str:
    rows = [[one["claim"], one["verdict"], one["evidence"]] for one in summary["claims"]]
    return _table(["claim of the paper", "here", "test sentences of all corpora"], rows)


def _quality(summary: Summary) -> str:
    rows = {row["row"]: row for row in summary["rows"]}
    found = []
    for base, title in CORPORA.items():
        if base not in summary["baselines"]:
            continue
        facts = summary["baselines"][base]
        names = ", ".join(_SCORES[score] for score in scores_of(base))
        table = _table(
            [f"{title}: {names}", *(f"{size}x" for size in SIZES)],
            [
                [title_, *(_cell(rows.get(row_name(base, kind, size)), base) for size in SIZES)]
                for kind, title_ in KINDS.items()
            ],
        )
        found.append(
            f"**{title}**: {facts['train_sentences']:,} training, {facts['valid_sentences']:,} validation and "
            f"{facts['test_sentences']:,} test sentences, {facts['intents']} intents. Dense: "
            f"**{_cell(rows.get(base), base)}**. Always the usual intent: {facts['majority_test_accuracy']:.1f}.\n\n{table}"
        )
    found.append("Where no number of seeds is named there is one.")
    return "\n\n".join(found)


def _rival(summary: Summary) -> str:
    """By how many points each kind is above small dense layers of as many numbers."""
    cells: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for kind, found in summary["against_small_dense"].items():
        for one in found:
            base, size = one["row"].split("_")[0], one["other"].split("_")[-1]
            if one["score"] == scores_of(base)[-1]:
                place = cells.setdefault((base, one["score"]), {}).setdefault(kind, {})
                place[size] = _difference(one)
    tables = [
        _table(
            [
                f"against small dense, points of {_SCORES[score]}, {CORPORA[base]}",
                *(f"{size}x" for size in SIZES),
            ],
            [
                [KINDS[kind], *(row.get(f"{size}x", "missing") for size in SIZES)]
                for kind, row in kinds.items()
            ],
        )
        for (base, score), kinds in cells.items()
    ]
    return "\n\n".join(tables)


def _difference(one: Mapping[str, Any]) -> str:
    mean, low, high = one["points"]
    sign = "**" if one["verdict"] != "no clear difference" else ""
    return f"{sign}{mean:+.1f}{sign} ({low:+.1f} to {high:+.1f})"


def _cell(row: Mapping[str, Any] | None, base: str) -> str:
    if row is None:
        return "missing"
    means = ", ".join(f"{row[f'test_{score}']['mean']:.1f}" for score in scores_of(base))
    count = len(row["seeds"])
    return means if count == 1 else f"{means} ({count} seeds)"


def _sizes(summary: Summary) -> str:
    """The files of SNIPS, where there are any: the other corpora's layers are the same."""
    rows = {row["row"]: row for row in summary["rows"]}
    steps = summary["times"].get("files", {})
    lines = [
        [title, *(_file(rows.get(name), steps.get(name), rows) for name in names)]
        for title, names in [
            ("dense", ["snips"] * len(SIZES)),
            *(
                (title, [row_name("snips", kind, size) for size in SIZES])
                for kind, title in KINDS.items()
            ),
        ]
        if any(name in rows for name in names)
    ]
    heading = ["SNIPS: int8 file; its test scores; speed", *(f"{size}x" for size in SIZES)]
    times = summary["times"]
    note = (
        f"\n\nSpeed: a step of the file, times as fast as dense int8 in the same rounds; {times['machine']}, load average "
        f"{', '.join(f'{load:.1f}' for load in times['load_averages'])}."
        if steps
        else "\n\nThe files are not timed yet."
    )
    return _table(heading, lines) + note if lines else ""


def _file(row: Mapping[str, Any] | None, step: Mapping[str, Any] | None, rows) -> str:
    if row is None or row["file_bytes"] is None:
        return "missing"
    means = ", ".join(f"{row[f'file_test_{s}']['mean']:.1f}" for s in scores_of("snips"))
    speed = f"; {step['speedup']:.2f}" if step else ""
    return f"{row['file_bytes'] / 1000:.0f} KB; {means}{speed}"


def _against(summary: Summary) -> str:
    titles = {"low_rank": "low rank (LMF)", "pruned": "pruned", "small_dense": "small dense"}
    cells: dict[tuple[str, str, str], dict[str, str]] = {}
    for kind, found in summary["hybrid_against"].items():
        for one in found:
            base, size = one["row"].split("_")[0], one["row"].split("_")[2]
            cells.setdefault((base, size, one["score"]), {})[kind] = _difference(one)
    lines = [
        [
            f"{CORPORA[base]}, {size}, {_SCORES[score]}",
            *(row.get(kind, "missing") for kind in titles),
        ]
        for (base, size, score), row in cells.items()
    ]
    heading = ["hybrid (HMF) against, points", *titles.values()]
    return _table(heading, lines) if lines else ""


def _rates(summary: Summary) -> str:
    rates = sorted({rate for found in summary["rates"].values() for rate in found}, key=float)
    titles = {"dense": "dense, small dense, units", **KINDS}
    lines = [
        [titles[kind], *(f"{found[rate]:.2f}" if rate in found else "missing" for rate in rates)]
        for kind, found in summary["rates"].items()
    ]
    heading = ["validation, SNIPS at 5x: mean of accuracy and slot F1; learning rate", *rates]
    return _table(heading, lines) if lines else ""


def _missing(summary: Summary) -> str:
    names = summary["missing"]
    took = f"What is trained took {summary['processor_hours']:.1f} hours of a core in all."
    if not names:
        return f"{took} Nothing of the queue is missing."
    shown = ", ".join(f"`{name}`" for name in names[:12])
    more = f" and {len(names) - 12} more, listed in the data" if len(names) > 12 else ""
    return f"{took} **Missing**: {len(names)} runs of the queue: {shown}{more}."
