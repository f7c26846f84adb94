"""From the outputs of every frame to a string of labels."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import log_softmax

from lrkeras.tasks.speech_commands.labels import BLANK

BEAM_WIDTH = 8
_NEVER = -math.inf


def greedy(logits: np.ndarray, blank: int = BLANK) -> list[int]:
    """The labels of the likeliest path: repeated outputs merged, then blanks dropped.

    Args:
        logits: shape `(frames, outputs)`.
        blank: the output that stands for no label.

    Returns:
        Outputs other than the blank.
    """
    path = np.asarray(logits).argmax(axis=-1)
    changed = np.diff(path, prepend=blank) != 0
    return [int(output) for output in path[changed] if output != blank]


def prefix_beam(logits: np.ndarray, blank: int = BLANK, width: int = BEAM_WIDTH) -> list[int]:
    """The likeliest string of labels, whose paths are added up.

    Hannun et al. 2014 (arXiv 1408.2873), Algorithm 1, without a language model and in the log
    domain.

    Args:
        logits: shape `(frames, outputs)`.
        blank: the output that stands for no label.
        width: strings that are kept after each frame.

    Returns:
        Outputs other than the blank.

    Raises:
        ValueError: the width is below 1.
    """
    if width < 1:
        raise ValueError(f"Expected a beam of at least one string; received width={width}.")
    # Log-probabilities of each string with paths that end in the blank, and that do not.
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, _NEVER)}
    for step in log_softmax(np.asarray(logits, np.float64), axis=-1).tolist():
        grown = _advanced(beams, step, blank)
        kept = sorted(grown.items(), key=lambda beam: (-_add(*beam[1]), beam[0]))
        beams = dict(kept[:width])
    return list(next(iter(beams)))


def _advanced(
    beams: dict[tuple[int, ...], tuple[float, float]], step: list[float], blank: int
) -> dict[tuple[int, ...], tuple[float, float]]:
    """The strings after one more frame with the log-probabilities `step`."""
    grown: dict[tuple[int, ...], tuple[float, float]] = {}

    def add(string: tuple[int, ...], in_blank: float, in_label: float) -> None:
        before = grown.get(string, (_NEVER, _NEVER))
        grown[string] = (_add(before[0], in_blank), _add(before[1], in_label))

    for string, (in_blank, in_label) in beams.items():
        either = _add(in_blank, in_label)
        add(string, either + step[blank], in_label + step[string[-1]] if string else _NEVER)
        for output, score in enumerate(step):
            if output == blank:
                continue
            # A label follows itself only after a blank.
            repeated = bool(string) and output == string[-1]
            add((*string, output), _NEVER, (in_blank if repeated else either) + score)
    return grown


def _add(a: float, b: float) -> float:
    """`log(exp(a) + exp(b))`."""
    high, low = (a, b) if a > b else (b, a)
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))
