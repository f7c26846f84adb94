"""The table of the AN4 rows, its intervals and what it says of the goals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lrkeras.tasks.papers.an4.rows import SIZE

Run = Mapping[str, Any]

# Kinds in the order of the table: what a reader calls them, and how many seeds are wanted.
KINDS = {
    "dense": ("dense", 3),
    "hybrid_stack": ("hybrid stack: Toeplitz-like below, shared above", 3),
    "shared_low_rank": ("shared low rank in all layers", 1),
    "toeplitz_like": ("Toeplitz-like in all layers", 1),
    "low_rank": ("low rank, nothing shared", 3),
    "small_dense": ("small dense (the rival)", 3),
    "small_dense_of_low_rank": ("small dense, as many bytes as low rank", 3),
    "small_dense_of_hybrid": ("small dense, as many bytes as the hybrid stack", 1),
}
# Sizes at which a file of small dense has the bytes of another row's.
_SIZES_OF_BYTES = {3.7: "small_dense_of_low_rank", 2.25: "small_dense_of_hybrid"}
_DRAWS = 10_000
_ALLOWED = 0.3  # points of word errors: what the paper's hybrid lost


@dataclasses.dataclass(frozen=True)
class Goal:
    """What was to be shown, and whether it was.

    Attributes:
        text: the goal.
        verdict: `"held"`, `"did not hold"`, `"not shown"` (the interval has both) or `"open"`.
        evidence: the difference and its interval in points, or what is missing.
    """

    text: str
    verdict: str
    evidence: str


def final_runs(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs of the table by kind; those in which a rate was chosen are left out."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        if run["config"]["reads_test"] and run["config"]["base"] == "an4":
            found.setdefault(kind_of(run["config"]), []).append(run)
    return {kind: found[kind] for kind in KINDS if kind in found}


def kind_of(config: Mapping[str, Any]) -> str:
    """The kind of a run: its method, and for small dense whose numbers or bytes it has.

    Raises:
        ValueError: the table has no kind of this size.
    """
    method, size = config["method"], config["compression"]
    if method == "small_dense" and size in _SIZES_OF_BYTES:
        return _SIZES_OF_BYTES[size]
    if size not in (None, SIZE):
        others = " or ".join(f"{other:g}x" for other in _SIZES_OF_BYTES)
        raise ValueError(
            f"Expected rows of {SIZE}x, or small dense ones of {others}; received {size:g}x of "
            f"{method}. Leave its folder out."
        )
    return str(method)


def rate_of_errors(errors: Mapping[str, Mapping[str, int]]) -> float:
    """Word errors in percent of the words."""
    return 100 * sum(errors["errors"].values()) / sum(errors["words"].values())


def difference(
    runs: Sequence[Run], others: Sequence[Run], split: str = "test", decoding: str = "greedy"
) -> tuple[float, float, float]:
    """By how many points the word errors of a kind are above those of another.

    The interval is of a bootstrap that draws speakers, the same for both kinds, and seeds of each.

    Args:
        runs: the seeds of a kind.
        others: those of the other.
        split: `"valid"` or `"test"`.
        decoding: `"greedy"` or `"beam"`.

    Returns:
        The difference of the means, and the ends of its 95 % interval.
    """
    ours, words = _errors(runs, split, decoding)
    theirs, _ = _errors(others, split, decoding)
    rng = np.random.default_rng(0)
    speakers = rng.integers(len(words), size=(_DRAWS, len(words)))

    def drawn(errors: np.ndarray) -> np.ndarray:
        seeds = rng.integers(len(errors), size=(_DRAWS, len(errors)))
        return errors[seeds[:, :, None], speakers[:, None]].sum(2).mean(1)

    found = 100 * (drawn(ours) - drawn(theirs)) / words[speakers].sum(1)
    low, high = np.quantile(found, (0.025, 0.975))
    mean = 100 * (ours.sum(1).mean() - theirs.sum(1).mean()) / words.sum()
    return float(mean), float(low), float(high)


def _errors(runs: Sequence[Run], split: str, decoding: str) -> tuple[np.ndarray, np.ndarray]:
    """Errors `(seeds, speakers)` and words `(speakers,)`."""
    counts = [run["word_errors"][split][decoding] for run in runs]
    speakers = sorted(counts[0]["words"])
    errors = np.array([[one["errors"][name] for name in speakers] for one in counts])
    return errors, np.array([counts[0]["words"][name] for name in speakers])


def row_of(kind: str, runs: Sequence[Run], dense: Sequence[Run]) -> dict[str, Any]:
    """A row of the table: means over the seeds, and the difference to the dense row."""
    first = runs[0]
    rates = {
        f"{split}_{decoding}": [rate_of_errors(run["word_errors"][split][decoding]) for run in runs]
        for split in ("valid", "test")
        for decoding in ("greedy", "beam")
    }
    row: dict[str, Any] = {
        "kind": kind,
        "row": first["config"]["row"],
        "command": f"lrkeras train papers/{first['config']['row']} --data DIR --out RUN --seed SEED",
        "seeds": sorted(run["config"]["seed"] for run in runs),
        "learning_rate": first["config"]["learning_rate"],
        "word_error_percent": {name: float(np.mean(found)) for name, found in rates.items()},
        "word_error_percents": rates,
        **first["recurrent"],
        "whole_model_parameters": first["models"][first["config"]["row"]]["parameters"],
        "processor_hours": float(np.mean([run["processor_seconds"] for run in runs])) / 3600,
        "hours": float(np.mean([run["seconds"] for run in runs])) / 3600,
        "deployment": {k: v for k, v in first["deployment"].items() if k != "word_errors"},
        **{key: first[key] for key in ("machine", "backend", "threads", "python", "versions")},
    }
    files = [run["deployment"]["word_errors"] for run in runs if "word_errors" in run["deployment"]]
    if files:
        row["file_word_error_percent"] = {
            f"{split}_{decoding}": float(
                np.mean([rate_of_errors(found[split][decoding]) for found in files])
            )
            for split in ("valid", "test")
            for decoding in ("greedy", "beam")
        }
    if dense and kind != "dense":
        row["to_dense"] = difference(runs, dense)
    return row


def rate_table(runs: Sequence[Run]) -> dict[str, dict[str, float]]:
    """The validation loss (nats an utterance) of the short runs, by kind and learning rate."""
    found: dict[str, dict[str, float]] = {}
    for run in runs:
        config = run["config"]
        if not config["reads_test"] and config["base"] == "an4":
            rates = found.setdefault(kind_of(config), {})
            rates[f"{config['learning_rate']:g}"] = run["history"]["val_loss"][-1]
    return {kind: found[kind] for kind in KINDS if kind in found}


def goals_of(rows: Mapping[str, Sequence[Run]]) -> list[Goal]:
    """What was to be shown, judged by greedy decoding of the test."""
    near = f"the hybrid stack is at most {_ALLOWED} points of word errors above dense, on the mean"
    goals = [_judged(near, rows, ("hybrid_stack", "dense"), _ALLOWED, needs_interval=False)]
    for kind, name, rival in (
        ("hybrid_stack", "the hybrid stack", "small_dense_of_hybrid"),
        ("low_rank", "low rank", "small_dense_of_low_rank"),
    ):
        for other, of in (("small_dense", "numbers"), (rival, "bytes")):
            text = f"{name} has fewer word errors than small dense of as many {of}"
            goals.append(_judged(text, rows, (kind, other), 0.0, needs_interval=True))
    return goals


def _judged(
    text: str,
    rows: Mapping[str, Sequence[Run]],
    kinds: tuple[str, str],
    most: float,
    *,
    needs_interval: bool,
) -> Goal:
    missing = [KINDS[kind][0] for kind in kinds if kind not in rows]
    if missing:
        return Goal(text, "open", f"not trained: {', '.join(missing)}")
    one, other = (rows[kind] for kind in kinds)
    mean, low, high = difference(one, other)
    seeds = min(len(one), len(other))
    evidence = f"{mean:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}, {seeds} seed(s)"
    if needs_interval and low <= most <= high:
        return Goal(text, "not shown", evidence)
    return Goal(text, "held" if mean <= most else "did not hold", evidence)


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """What is written: the table, the goals, the short runs, the curves and what is missing."""
    rows = final_runs(runs)
    dense = rows.get("dense", [])
    return {
        "command": "python tools/papers/report_an4.py RUNS/* --keep RUNS_FILE --out FILE --plot PREFIX",
        "rows": [row_of(kind, found, dense) for kind, found in rows.items()],
        "missing": {
            kind: wanted - len(rows.get(kind, []))
            for kind, (_, wanted) in KINDS.items()
            if len(rows.get(kind, [])) < wanted
        },
        "goals": [dataclasses.asdict(goal) for goal in goals_of(rows)],
        "validation_loss_of_short_runs": rate_table(runs),
        "curves": {
            kind: [
                [round(100 * v, 2) for v in run["history"]["val_word_error_rate"]] for run in found
            ]
            for kind, found in rows.items()
        },
    }


def markdown(summary: Mapping[str, Any]) -> str:
    """The table, the goals and the rates for the page."""
    lines = [
        "| row, test word errors in % | greedy | beam | int8 file | to dense, points (95 %) | numbers | file | step | seeds | hours |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(row) for row in summary["rows"]]
    lines += [
        f"| {KINDS[kind][0]} | missing | | | | | | | | |"
        for kind, count in summary["missing"].items()
        if count == KINDS[kind][1]
    ]
    lines.append("| nothing said at all | 100.0 | 100.0 | | | | | | | |")
    short = [f"{KINDS[kind][0]}: {count}" for kind, count in summary["missing"].items()]
    if short:
        lines += ["", f"**Missing runs**, by row: {'; '.join(short)}."]
    lines += ["", "| goal | verdict | test, greedy |", "|---|---|---|"]
    lines += [f"| {g['text']} | {g['verdict']} | {g['evidence']} |" for g in summary["goals"]]
    return "\n".join([*lines, "", *_rate_lines(summary["validation_loss_of_short_runs"])])


def _rate_lines(table: Mapping[str, Mapping[str, float]]) -> list[str]:
    rates = sorted({rate for found in table.values() for rate in found}, key=float, reverse=True)
    lines = [f"| validation loss of the short runs | {' | '.join(rates)} |"]
    lines.append("|---" * (len(rates) + 1) + "|")
    for kind, found in table.items():
        best = min(found.values())
        cells = [_cell(found.get(rate), best) for rate in rates]
        lines.append(f"| {KINDS[kind][0]} | {' | '.join(cells)} |")
    return lines if rates else []


def _cell(loss: float | None, best: float) -> str:
    if loss is None:
        return ""
    return f"**{loss:.1f}**" if loss == best else f"{loss:.1f}"


def _line(row: Mapping[str, Any]) -> str:
    percent, deployment = row["word_error_percent"], row["deployment"]
    file = row.get("file_word_error_percent", {}).get("test_greedy")
    to_dense = row.get("to_dense")
    cells = [
        KINDS[row["kind"]][0],
        f"{percent['test_greedy']:.1f}",
        f"{percent['test_beam']:.1f}",
        "" if file is None else f"{file:.1f}",
        "" if to_dense is None else "{:+.1f} ({:+.1f} to {:+.1f})".format(*to_dense),
        f"{row['parameters']:,}",
        f"{deployment['file_bytes'] / 1000:.0f} KB" if "file_bytes" in deployment else "",
        f"{deployment['speedup_over_dense_int8']:.2f}" if "step_us" in deployment else "",
        str(len(row["seeds"])),
        f"{row['hours']:.1f}",
    ]
    return f"| {' | '.join(cells)} |"
