"""The runs of intents and slots: what is kept of each, and how they are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Run = Mapping[str, Any]
_CURVES = ("loss", "val_accuracy", "val_slot_f1", "sparsity", "kept_params")
_DRAWS = 2000


def shortened(run: Run) -> dict[str, Any]:
    """What is kept of a result: curves to four digits, the command without its folders.

    Runs that choose a learning rate leave out what they have of the test sentences: it is no
    ground to choose by.
    """
    config = run["config"]
    command = f"lrkeras train papers/{config['row']} --data DIR --out RUN --seed {config['seed']}"
    curves = {
        name: [float(f"{value:.4g}") for value in run["history"][name]]
        for name in _CURVES
        if name in run["history"]
    }
    parameters = run["models"][config["row"]]["parameters"]
    left_out = ("history", "models", "command")
    kept = {key: value for key, value in run.items() if key not in left_out}
    if "_rate" in config["row"]:
        tested = ("test_accuracy", "test_slot_f1", "test_by_sentence", "file")
        kept = {key: value for key, value in kept.items() if key not in tested}
    return {**kept, "command": command, "parameters": parameters, "history": curves}


def right_of(runs: Sequence[Run]) -> np.ndarray:
    """Whether the intent of each test sentence was right, `(runs, sentences)`."""
    packed = [bytes.fromhex(run["test_by_sentence"]["right"]) for run in runs]
    bits = [np.unpackbits(np.frombuffer(one, np.uint8)) for one in packed]
    return np.array([one[: run["test_sentences"]] for one, run in zip(bits, runs, strict=True)])


def slots_of(runs: Sequence[Run]) -> np.ndarray:
    """Slots of each test sentence that were right, that are there, and that were given."""
    digits = [run["test_by_sentence"]["slots"] for run in runs]
    counts = [[int(digit, 36) for digit in one] for one in digits]
    return np.array(counts).reshape(len(runs), -1, 3)


def difference(
    runs: Sequence[Run], others: Sequence[Run], score: str, seed: int = 0
) -> tuple[float, float, float]:
    """By how many points the test score of a row is above that of another.

    The interval is of a bootstrap that draws test sentences, the same for both rows; what the
    seeds of a row have in a sentence is put together.

    Args:
        runs: the seeds of a row.
        others: those of the other, of the same corpus.
        score: `"accuracy"` or `"slot_f1"`.
        seed: of the draws.

    Returns:
        The difference, and the ends of its 95 % interval.
    """
    sentences = runs[0]["test_sentences"]
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(sentences, [1 / sentences] * sentences, _DRAWS)
    weights = np.concatenate([np.ones((1, sentences), int), drawn])
    of = _accuracies if score == "accuracy" else _slot_f1s
    found = 100 * (of(runs, weights) - of(others, weights))
    low, high = np.quantile(found[1:], (0.025, 0.975))
    return float(found[0]), float(low), float(high)


def _accuracies(runs: Sequence[Run], weights: np.ndarray) -> np.ndarray:
    return weights @ right_of(runs).mean(0) / weights.sum(1)


def _slot_f1s(runs: Sequence[Run], weights: np.ndarray) -> np.ndarray:
    right, there, given = (weights @ slots_of(runs).sum(0)).T
    return 2 * right / (there + given)
