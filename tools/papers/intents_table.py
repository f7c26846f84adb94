"""The table of intents and slots, and what it says of the claims."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from intents_runs import Run, difference
from row_names import run_name

from lrkeras.tasks.papers.intents.rows import SIZES, rows_of

CORPORA = {"snips": "SNIPS", "atis": "ATIS", "clinc150": "CLINC150", "banking77": "BANKING77"}
KINDS = {
    "pruned": "pruned, single weights",
    "doped_kronecker": "doped Kronecker, single weights",
    "units": "units pruned",
    "small_dense": "small dense (the rival)",
    "kronecker": "Kronecker, several terms",
    "low_rank": "low rank (LMF)",
    "hybrid": "hybrid (HMF)",
}
_FASTER, _BETTER = 2.32, 16.77  # the paper's claim: times as fast as pruning, percent above LMF
Runs = Mapping[str, Sequence[Run]]
Times = Mapping[str, Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What two rows of a corpus and size say of a claim.

    Attributes:
        row: the row that should be better.
        other: the row that it is held against.
        score: `"accuracy"` or `"slot_f1"`.
        points: by how much its test score is above, in points; with the ends of the 95 % interval.
        percent: the same in percent of the other's score.
        times_as_fast: a step of its file against one of the other's; None where not timed.
        verdict: `"better"`, `"worse"` or `"no clear difference"`.
    """

    row: str
    other: str
    score: str
    points: tuple[float, float, float]
    percent: float
    times_as_fast: float | None
    verdict: str


def row_name(base: str, kind: str, size: int) -> str:
    """The row of the table of a kind and a size."""
    (name,) = (name for name in rows_of(base) if name.startswith(f"{base}_{kind}_{size}x"))
    return name


def by_row(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs, the seeds of a row together."""
    found: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: (run["config"]["row"], run["config"]["seed"])):
        found.setdefault(run["config"]["row"], []).append(run)
    return found


def scores_of(base: str) -> tuple[str, ...]:
    """The scores that a corpus has."""
    return ("accuracy", "slot_f1") if base in ("snips", "atis") else ("accuracy",)


def row_of(runs: Sequence[Run]) -> dict[str, Any]:
    """A row of the table: means and ranges over the seeds, in percent."""
    first, config = runs[0], runs[0]["config"]
    row: dict[str, Any] = {
        "row": config["row"],
        "base": config["base"],
        "method": config["method"],
        "command": f"lrkeras train papers/{config['row']} --data DIR --out RUN --seed SEED",
        "seeds": [run["config"]["seed"] for run in runs],
        "epochs": config["epochs"],
        "learning_rate": config["learning_rate"],
        **first["recurrent"],
        "parameters": first["parameters"],
        "file_bytes": first["file"].get("bytes"),
        "table_bytes": first["file"].get("table_bytes"),
        "hours": float(np.mean([run["seconds"] for run in runs])) / 3600,
        "processor_hours": float(np.mean([run["processor_seconds"] for run in runs])) / 3600,
        **{key: first[key] for key in ("machine", "backend", "threads", "python", "versions")},
    }
    for score in scores_of(config["base"]):
        for part in ("valid", "test"):
            row[f"{part}_{score}"] = _percent(run[f"{part}_{score}"] for run in runs)
        files = [run["file"] for run in runs if f"test_{score}" in run["file"]]
        row[f"file_test_{score}"] = _percent(file[f"test_{score}"] for file in files)
    return row


def _percent(values) -> dict[str, float] | None:
    found = [100 * value for value in values]
    if not found:
        return None
    return {"mean": float(np.mean(found)), "least": min(found), "most": max(found)}


def judge(rows: Runs, times: Times, kind: str, other: str) -> list[Verdict]:
    """A kind against another in every corpus, size and score that both are trained in."""
    found = []
    for base in CORPORA:
        for size in SIZES:
            names = row_name(base, kind, size), row_name(base, other, size)
            if not all(name in rows for name in names):
                continue
            # The same seeds of both.
            seeds = [{run["config"]["seed"] for run in rows[name]} for name in names]
            pair = [
                [r for r in rows[n] if r["config"]["seed"] in seeds[0] & seeds[1]] for n in names
            ]
            if not all(pair):
                continue
            found += [_verdict(names, pair, score, times) for score in scores_of(base)]
    return found


def _verdict(names, pair, score: str, times: Times) -> Verdict:
    points = difference(*pair, score)
    below = 100 * float(np.mean([run[f"test_{score}"] for run in pair[1]]))
    timed = [times[name]["step_us"] for name in names if name in times]
    said = "better" if points[1] > 0 else "worse" if points[2] < 0 else "no clear difference"
    return Verdict(
        row=names[0],
        other=names[1],
        score=score,
        points=points,
        percent=100 * points[0] / below if below else 0.0,
        times_as_fast=timed[1] / timed[0] if len(timed) == 2 else None,
        verdict=said,
    )


def claims_of(rows: Runs, times: Times) -> list[dict[str, str]]:
    """The claims of the paper, and whether they held here."""
    to_lmf, to_pruned = (judge(rows, times, "hybrid", kind) for kind in ("low_rank", "pruned"))
    return [
        {
            "claim": f"at like size the hybrid is {_BETTER} % better than low rank (LMF)",
            **_better(to_lmf),
        },
        {
            "claim": f"at like quality the hybrid is at least {_FASTER} times as fast as pruning",
            **_faster(to_pruned),
        },
    ]


def _better(found: Sequence[Verdict]) -> dict[str, str]:
    if not found:
        return {"verdict": "open", "evidence": "no corpus has both rows"}
    better = [one for one in found if one.verdict == "better"]
    worse = [one for one in found if one.verdict == "worse"]
    enough = [one for one in better if one.percent >= _BETTER]
    least, most = (f(one.percent for one in found) for f in (min, max))
    evidence = (
        f"better in {len(better)}, worse in {len(worse)} of {len(found)} comparisons; "
        f"{least:+.1f} to {most:+.1f} %"
    )
    return {
        "verdict": "held" if len(enough) == len(found) else "did not hold",
        "evidence": evidence,
    }


def _faster(found: Sequence[Verdict]) -> dict[str, str]:
    timed = [one for one in found if one.times_as_fast is not None]
    if not timed:
        return {"verdict": "open", "evidence": "files are not timed, or rows are missing"}
    alike = [one for one in timed if one.verdict != "worse"]
    faster = [one for one in alike if one.times_as_fast >= _FASTER]
    least, most = (f(one.times_as_fast for one in timed) for f in (min, max))
    evidence = (
        f"not worse than pruning in {len(alike)} of {len(timed)} comparisons, and as fast as that "
        f"in {len(faster)} of these; {least:.2f} to {most:.2f} times as fast in all"
    )
    held = bool(alike) and len(faster) == len(alike)
    return {"verdict": "held" if held else "did not hold", "evidence": evidence}


def missing_of(rows: Runs, wanted: Sequence[str]) -> list[str]:
    """What of a queue is not there, by the names of runs."""
    there = {run_name(name, run["config"]["seed"]) for name, runs in rows.items() for run in runs}
    names = [run_name(name, int(seed or 1)) for name, _, seed in (w.partition("@") for w in wanted)]
    return [name for name in names if name not in there]


def rates_of(rows: Runs) -> dict[str, dict[str, float]]:
    """The validation score of the rows that chose the learning rates, by kind and rate."""
    found: dict[str, dict[str, float]] = {}
    for name, runs in rows.items():
        if "_rate" in name:
            config = runs[0]["config"]
            score = 50 * (runs[0]["valid_accuracy"] + runs[0]["valid_slot_f1"])
            found.setdefault(config["method"], {})[f"{config['learning_rate']:g}"] = score
    return {kind: found[kind] for kind in ("dense", *KINDS) if kind in found}


def summarise(runs: Sequence[Run], times: Mapping[str, Any], wanted: Sequence[str]) -> dict:
    """What is written: the table, the comparisons, the claims, and what is missing.

    Args:
        runs: all that are kept.
        times: of `time_intents.py`, or nothing.
        wanted: the names of the queue.
    """
    every = by_row(runs)
    rows = {name: found for name, found in every.items() if "_rate" not in name}
    steps = times.get("files", {})
    return {
        "command": "python tools/papers/report_intents.py RUNS/* --keep RUNS_FILE --out FILE",
        "rows": [row_of(found) for found in rows.values()],
        "baselines": baselines_of(runs),
        "hybrid_against": {
            kind: [dataclasses.asdict(one) for one in judge(rows, steps, "hybrid", kind)]
            for kind in ("low_rank", "pruned", "small_dense")
        },
        "against_small_dense": {
            kind: [dataclasses.asdict(one) for one in judge(rows, steps, kind, "small_dense")]
            for kind in KINDS
            if kind != "small_dense"
        },
        "claims": claims_of(rows, steps),
        "rates": rates_of(every),
        "times": dict(times),
        "curves": {name: [run["history"] for run in found] for name, found in rows.items()},
        "processor_hours": sum(run["processor_seconds"] for run in runs) / 3600,
        "missing": missing_of(rows, wanted),
    }


def baselines_of(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """The sentences of each corpus, and the accuracy of always saying its usual intent."""
    keys = ("train_sentences", "valid_sentences", "test_sentences", "words", "intents", "tags")
    return {
        run["config"]["base"]: {
            **{key: run[key] for key in keys},
            "majority_test_accuracy": 100 * run["majority_test_accuracy"],
        }
        for run in runs
    }
