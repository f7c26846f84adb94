"""The table of the ELMo rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from elmo_claims import NAMES, TASKS, judge, row_name
from elmo_runs import Run, difference, test_scores

from lrkeras.tasks.papers.elmo.rows import METHODS, RANKS, WHERE, config_of

DENSE, WORDS, SMALL, INT8 = "elmo", "elmo_words", "elmo_small_dense_r10", "elmo_int8"
TITLES = {
    DENSE: "dense",
    INT8: "dense, int8 (a rival)",
    SMALL: "small dense of r = 10 (the rival), trained",
    WORDS: "no language model",
}
TITLES |= {
    row_name(method, where, rank): f"{NAMES[method]}, {where}, r = {rank}"
    for where in WHERE
    for rank in RANKS
    for method in METHODS
}


def efficiency(dense: float, score: float, dense_numbers: int, numbers: int) -> float | None:
    """The measure of Winata et al., sect. 4: relative loss of a score over that of numbers.

    `E = R(M, M^r) / R(P, P^r)`, and `R(M, M^r) / (1 - R(P, P^r))` where the score rose, with
    `R(a, b) = (a - b) / a`. Lower is better, below 0 is a gain.

    Args:
        dense: the score before, `M`.
        score: after, `M^r`.
        dense_numbers: numbers of the frozen model before, `P`.
        numbers: after, `P^r`.

    Returns:
        The measure, or None where nothing was made smaller.
    """
    if numbers >= dense_numbers:
        return None
    lost, saved = (dense - score) / dense, (dense_numbers - numbers) / dense_numbers
    return lost / saved if lost >= 0 else lost / (1 - saved)


def norms_of(run: Run) -> dict[str, dict[str, float]]:
    """The mean norms of the input and of the recurrent matrices of a run."""
    return {
        where: {
            name: float(np.mean([n[name] for n in run["norms"] if n["role"] == where]))
            for name in ("l1", "l1_spread", "nuclear")
        }
        for where in WHERE
    }


def row_of(run: Run, dense: Run | None) -> dict[str, Any]:
    """A row of the table: means of the seeds in percent, and the difference to the dense row."""
    row = {
        "row": run["config"]["row"],
        "command": run["command"],
        "tasks": {task: _task(run, dense, task) for task in TASKS if task in run["tasks"]},
        **{key: run[key] for key in ("machine", "backend", "threads", "python", "versions")},
    }
    learning = [
        seed["learning"]["processor_seconds"]
        for task in run["tasks"].values()
        for seed in task["seeds"].values()
    ]
    # Compressed rows have the tasks' models of the dense row.
    is_compressed = config_of(run["config"]["row"]).is_compressed
    row["task_processor_hours"] = 0.0 if is_compressed else sum(learning) / 3600
    if "norms" in run:
        row |= {
            key: run[key]
            for key in (
                *("valid_perplexity", "test_perplexity"),
                *("recurrent", "frozen_parameters", "deployment"),
            )
        }
        row |= {"norms": norms_of(run), "text_processor_hours": run["processor_seconds"] / 3600}
    return row


def _task(run: Run, dense: Run | None, task: str) -> dict[str, Any]:
    scores = test_scores(run, task).mean(1)
    seeds = run["tasks"][task]["seeds"].values()
    found: dict[str, Any] = {
        "test": float(scores.mean()),
        "seeds": [round(float(s), 2) for s in scores],
        "valid": float(100 * np.mean([seed["valid"]["score"] for seed in seeds])),
    }
    if dense is not None and run is not dense and task in dense["tasks"]:
        found["to_dense"] = difference(run, dense, task)
        if "norms" in run:
            before = float(test_scores(dense, task).mean())
            numbers = dense["frozen_parameters"], run["frozen_parameters"]
            found["efficiency"] = efficiency(before, found["test"], *numbers)
    return found


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """What is written: the table, what is missing, the claims and the curves."""
    named = {run["config"]["row"]: run for run in runs if run["config"]["row"] in TITLES}
    dense = named.get(DENSE)
    facts = next((run for run in runs if run["config"]["row"] in TITLES), None)
    return {
        "command": "python tools/papers/report_elmo.py RUNS/* --keep RUNS_FILE --out FILE --plot PREFIX",
        "rows": [row_of(named[name], dense) for name in TITLES if name in named],
        "missing": [name for name in TITLES if name not in named],
        "claims": [dataclasses.asdict(claim) for claim in judge(named)],
        "gain_over_words": _gain(dense, named.get(WORDS)),
        "facts": _facts(dense, facts),
        "curves": {
            name: named[name]["history"]
            for name in (DENSE, SMALL)
            if name in named and named[name]["history"]
        },
    }


def _gain(dense: Run | None, words: Run | None) -> dict[str, Any]:
    """By how many points the language model is better than words alone, by task."""
    if dense is None or words is None:
        return {}
    common = [task for task in TASKS if task in dense["tasks"] and task in words["tasks"]]
    return {task: difference(dense, words, task) for task in common}


def _facts(dense: Run | None, any_run: Run | None) -> dict[str, Any]:
    """What is the same in all rows: the corpora, and what needs no model."""
    if any_run is None:
        return {}
    facts: dict[str, Any] = {
        "tasks": {
            task: {key: value for key, value in found.items() if key != "seeds"}
            for task, found in any_run["tasks"].items()
        }
    }
    if dense is not None:
        facts |= {k: dense[k] for k in ("unigram_valid_perplexity", "unigram_test_perplexity")}
    return facts
