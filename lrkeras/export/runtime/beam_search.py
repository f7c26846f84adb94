"""The likeliest sequences that a decoder gives, by beam search."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """A sequence that a decoder may have meant.

    Attributes:
        tokens: Ids, without the one that ends a sequence.
        log_probability: The natural logarithm of its probability, that of the end included.
        score: That over its length to the power of the length penalty; the end counts, if it came.
        is_finished: Whether the end came before the last step.
    """

    tokens: list[int]
    log_probability: float
    score: float
    is_finished: bool


def beam_search(
    advance: Callable[[int, Any], tuple[np.ndarray, Any]],
    states: Any,
    start: int,
    end: int,
    width: int,
    max_steps: int,
    length_penalty: float = 0.0,
) -> list[Hypothesis]:
    """Keeps the likeliest sequences of each length.

    In each step, the `width` likeliest continuations of all sequences go on; of those, a sequence
    that ends is set aside. With a width of all continuations, every sequence is tried.

    Args:
        advance: `advance(token, states)` gives the log-probabilities of the next token, (tokens,),
            and the states after it.
        states: Those at the start.
        start: The id that begins a sequence.
        end: The id that ends one.
        width: How many sequences go on, at least 1.
        max_steps: The longest sequence, with its end.
        length_penalty: A power, from 0: the larger, the more a long sequence is preferred.

    Returns:
        Up to `width` sequences, that of the largest score first.
    """
    live: list[tuple[list[int], float, Any]] = [([], 0.0, states)]
    done: list[Hypothesis] = []
    for length in range(1, max_steps + 1):
        totals, after = [], []
        for tokens, total, before in live:
            scores, new_states = advance(tokens[-1] if tokens else start, before)
            totals.append(total + np.asarray(scores, np.float64))
            after.append(new_states)
        table = np.stack(totals)
        best = np.argsort(-table, axis=None, kind="stable")[:width]
        going_on = []
        for row, token in zip(*np.unravel_index(best, table.shape), strict=True):
            total = float(table[row, token])
            if not np.isfinite(total):
                continue  # impossible: the logarithm of zero
            if token == end:
                done.append(Hypothesis(live[row][0], total, total / length**length_penalty, True))
            else:
                going_on.append(([*live[row][0], int(token)], total, after[row]))
        live = going_on
        if not live or _is_decided(done, live[0][1] / max_steps**length_penalty, width):
            break
    else:
        penalty = max_steps**length_penalty
        done += [Hypothesis(tokens, total, total / penalty, False) for tokens, total, _ in live]
    return sorted(done, key=lambda found: -found.score)[:width]


def _is_decided(done: list[Hypothesis], best_to_come: float, width: int) -> bool:
    """Whether no sequence that goes on can get among the best: each step makes it less likely."""
    scores = sorted((found.score for found in done), reverse=True)
    return len(scores) >= width and scores[width - 1] >= best_to_come
