"""The runs of the ELMo rows: what is kept of each, and how they are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Run = Mapping[str, Any]
_CURVES = ("loss", "val_forward_perplexity", "val_backward_perplexity")
_DRAWS = 2000
_PERCENT = 100


def shortened(run: Run) -> dict[str, Any]:
    """What is kept of a result: curves to five digits, scores of the test in short.

    The command is without its folders; the scores of validation examples are left out.
    """
    config = run["config"]
    starts = " --start DENSE_RUN" if config["method"] in _OF_ANOTHER else ""
    row, seed = config["row"], config["seed"]
    command = f"lrkeras train papers/{row} --data DIR --out RUN --seed {seed}{starts}"
    history = run.get("history", {})
    curves = {
        name: [float(f"{value:.5g}") for value in history[name]]
        for name in _CURVES
        if name in history
    }
    tasks = {name: _task(task) for name, task in run["tasks"].items()}
    kept = {key: value for key, value in run.items() if key not in ("models", "history", "command")}
    return {**kept, "command": command, "history": curves, "tasks": tasks}


_OF_ANOTHER = ("svd", "semi_nmf", "pruned", "int8")


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    seeds = {
        seed: {
            **found,
            "valid": {k: v for k, v in found["valid"].items() if k != "by_example"},
            "test": {**found["test"], "by_example": packed(found["test"]["by_example"])},
            "learning": {
                key: [float(f"{v:.4g}") for v in value] if isinstance(value, list) else value
                for key, value in found["learning"].items()
            },
        }
        for seed, found in task["seeds"].items()
    }
    return {**task, "seeds": seeds}


def packed(scores: Sequence[float]) -> str | list[int]:
    """Scores of examples in short: bits in hexadecimal where all are 0 or 1, else percents."""
    if set(scores) <= {0.0, 1.0}:
        return np.packbits(np.array(scores, bool)).tobytes().hex()
    return [round(_PERCENT * score) for score in scores]


def unpacked(found: str | Sequence[int], count: int) -> np.ndarray:
    """What was packed, in percent, `(count,)`."""
    if isinstance(found, str):
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(found), np.uint8))[:count]
        return bits * float(_PERCENT)
    return np.array(found, float)


def test_scores(run: Run, task: str) -> np.ndarray:
    """The test scores of a run in percent, `(seeds, examples)`."""
    found = run["tasks"][task]
    count = found["examples"][2]
    return np.array([unpacked(s["test"]["by_example"], count) for s in found["seeds"].values()])


test_scores.__test__ = False  # pytest takes a name with `test` for one of its own


def difference(run: Run, other: Run, task: str) -> tuple[float, float, float]:
    """By how many points the test score of a run is above that of another.

    The interval is of a bootstrap that draws test examples, the same for both, and seeds: the same
    for two runs that have the models of a task in common, and of each for others.

    Returns:
        The difference of the means, and the ends of its 95 % interval.
    """
    return _interval(lambda mean: mean(run) - mean(other), [run, other], task)


def difference_of_differences(
    pair: tuple[Run, Run], other: tuple[Run, Run], task: str
) -> tuple[float, float, float]:
    """By how many points more a run is above another than a third is above a fourth.

    Drawn as in `difference`.
    """
    runs = [*pair, *other]
    return _interval(
        lambda mean: mean(pair[0]) - mean(pair[1]) - mean(other[0]) + mean(other[1]), runs, task
    )


def _interval(combine, runs: Sequence[Run], task: str) -> tuple[float, float, float]:
    rng = np.random.default_rng(0)
    scores = {id(run): test_scores(run, task) for run in runs}
    examples = next(iter(scores.values())).shape[1]
    weights = rng.multinomial(examples, [1 / examples] * examples, _DRAWS) / examples
    seeds: dict[str, np.ndarray] = {}
    for run in runs:
        count = len(scores[id(run)])
        if learnt_with(run) not in seeds:
            seeds[learnt_with(run)] = rng.multinomial(count, [1 / count] * count, _DRAWS) / count

    def drawn(run: Run) -> np.ndarray:
        return np.sum((weights @ scores[id(run)].T) * seeds[learnt_with(run)], axis=1)

    low, high = np.quantile(combine(drawn), (0.025, 0.975))
    return float(combine(lambda run: scores[id(run)].mean())), float(low), float(high)


def learnt_with(run: Run) -> str:
    """The row whose models of the tasks a run has."""
    config = run["config"]
    return config["base"] if config["method"] in _OF_ANOTHER else config["row"]
