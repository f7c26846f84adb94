"""The runs of translation: what is kept of each, and how they are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from row_names import as_compressed

from lrkeras.tasks.papers.translation.translation_scores import bleu_of, unpacked

Run = Mapping[str, Any]
Interval = tuple[float, float, float]
_CURVES = ("loss", "val_loss", "val_bleu", "sparsity")
_DRAWS = 2000


def shortened(run: Run) -> dict[str, Any]:
    """What is kept of a result: curves to four digits, the command without its folders."""
    config = run["config"]
    curves = {
        name: [float(f"{value:.4g}") for value in run["history"][name]]
        for name in _CURVES
        if name in run["history"]
    }
    return {
        **{key: value for key, value in run.items() if key not in ("history", "models")},
        "command": f"lrkeras train papers/{config['row']} --data DIR --out RUN --seed {config['seed']}",
        "parameters": run["models"][config["row"]]["parameters"],
        "history": curves,
    }


def by_row(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs of the table, the seeds of a row together; the rate is in no name."""
    found: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run["config"]["seed"]):
        if run["config"]["reads_test"]:
            found.setdefault(as_compressed(run["config"]["row"]), []).append(run)
    return found


def has_test(run: Run) -> bool:
    """Whether its file translated the test."""
    return "test_greedy" in run["file"]


def bleu(runs: Sequence[Run], search: str = "greedy") -> Interval:
    """The mean BLEU of the seeds of a row, and the ends of its 95 % interval.

    The interval is of a bootstrap that draws test sentences (Koehn 2004).
    """
    whole, drawn = _bleus(runs, search)
    return whole, *_ends(drawn)


def difference(runs: Sequence[Run], others: Sequence[Run], search: str = "greedy") -> Interval:
    """By how much the BLEU of a row is above another's, and the ends of the 95 % interval.

    Both are drawn the same test sentences; of several seeds it is the mean.
    """
    ours, theirs = _bleus(runs, search), _bleus(others, search)
    return ours[0] - theirs[0], *_ends(ours[1] - theirs[1])


def _ends(drawn: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def _bleus(runs: Sequence[Run], search: str) -> tuple[float, np.ndarray]:
    counts = [unpacked(run["file"][f"test_{search}"]["counts"]) for run in runs]
    sentences = len(counts[0])
    drawn = np.random.default_rng(0).multinomial(sentences, [1 / sentences] * sentences, _DRAWS)
    whole = float(np.mean([run["file"][f"test_{search}"]["bleu"] for run in runs]))
    return whole, np.mean([bleu_of(one, drawn) for one in counts], axis=0)
