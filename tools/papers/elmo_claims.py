"""What Winata et al. claim of ELMo, and what the rows say of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from elmo_runs import Run, difference, difference_of_differences

from lrkeras.tasks.papers.elmo.rows import METHODS, RANKS, WHERE

TASKS = {"sst": "SST-5", "sick": "SICK", "squad": "SQuAD"}
NAMES = {"svd": "SVD", "semi_nmf": "semi-NMF", "pruned": "pruning"}
Interval = tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim and the verdict on it.

    Attributes:
        text: what is claimed.
        verdict: `"held"` where every comparison has the sign of the claim and an interval without
            0; `"did not hold"` where none has; else `"in part"`; `"open"` where rows are missing.
        evidence: how many of the comparisons did, and how many said the contrary.
        comparisons: each with its interval in points.
    """

    text: str
    verdict: str
    evidence: str
    comparisons: dict[str, Interval]


def row_name(method: str, where: str, rank: int) -> str:
    """The name of a compressed row."""
    return f"elmo_{method}_{where}_r{rank}"


def spread_of(run: Run, where: str) -> float:
    """The mean spread of the L1 norms of one kind of matrices, as `norms_per_entry` has it."""
    found = [norm["l1_spread"] for norm in run["norms"] if norm["role"] == where]
    return sum(found) / len(found)


def judge(runs: Mapping[str, Run]) -> list[Claim]:
    """Judges the claims by the test parts.

    Args:
        runs: by the name of the row.
    """
    found = [_inputs_matter_more(runs, rank) for rank in RANKS]
    return [*found, *(_pruning(runs, rank) for rank in RANKS)]


def _inputs_matter_more(runs: Mapping[str, Run], rank: int) -> Claim:
    """The paper's "additive recurrence" is the input matrix, its multiplicative one the other."""
    text = f"rank {rank}: making the input (additive) matrices small costs more than the recurrent"
    pairs = {
        NAMES[method]: (row_name(method, "recurrent", rank), row_name(method, "input", rank))
        for method in METHODS
    }
    return _judged(text, runs, pairs, lambda found, task: difference(*found, task))


def _pruning(runs: Mapping[str, Run], rank: int) -> Claim:
    """Whether pruning gains more on SVD where the spread is the larger one."""
    dense = runs.get("elmo")
    order = list(WHERE)
    if dense is not None:
        order.sort(key=lambda where: spread_of(dense, where), reverse=True)
    high, low = order
    told = f" (here the {high} ones)" if dense is not None else ""
    text = (
        f"rank {rank}: pruning gains more on SVD in the matrices whose L1 norms are spread "
        f"more{told}"
    )
    names = tuple(row_name(m, where, rank) for where in (high, low) for m in ("pruned", "svd"))
    return _judged(
        text,
        runs,
        {"pruning less SVD": names},
        lambda found, task: difference_of_differences(found[:2], found[2:], task),
    )


def _judged(
    text: str,
    runs: Mapping[str, Run],
    compared: Mapping[str, Sequence[str]],
    interval: Callable[[Any, str], Interval],
) -> Claim:
    missing = sorted({name for names in compared.values() for name in names} - set(runs))
    if missing:
        return Claim(text, "open", f"not trained: {', '.join(missing)}", {})
    found = {
        f"{TASKS[task]}, {title}": interval(tuple(runs[name] for name in names), task)
        for title, names in compared.items()
        for task in TASKS
        if all(task in runs[name]["tasks"] for name in names)
    }
    above = sum(low > 0 for _, low, _ in found.values())
    below = sum(high < 0 for _, _, high in found.values())
    verdict = "held" if above == len(found) else "in part" if above else "did not hold"
    evidence = f"{above} of {len(found)} differences are above 0 for certain, {below} below"
    return Claim(text, verdict, evidence, found)
