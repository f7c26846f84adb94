"""From the outputs of every frame to a string of labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax

BEAM_WIDTH = 8
# Of keras.losses.CTC; that of ctc_batch_cost is the last output.
BLANK = 0


def decode(
    scores: np.ndarray, *, blank: int, probabilities: bool = False, width: int = 1
) -> list[int]:
    """The labels of what a CTC model gives.

    Args:
        scores: shape `(frames, outputs)`.
        blank: the output that stands for no label.
        probabilities: whether the scores are probabilities, of a model that ends in a softmax.
        width: of the beam; 1 takes the likeliest path. Of a file, `blank` and `probabilities` are
            in `runner.metadata["ctc"]`.

    Returns:
        Outputs other than the blank.

    Raises:
        ValueError: the width is below 1.
    """
    if width == 1:
        return greedy(scores, blank)
    if probabilities:
        scores = np.log(np.maximum(np.asarray(scores, np.float64), np.finfo(np.float64).tiny))
    return prefix_beam(scores, blank, width)


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
    beam = _Beam([()], np.zeros(1), np.full(1, -np.inf))
    for step in log_softmax(np.asarray(logits, np.float64), axis=-1):
        beam = _advanced(beam, step, blank, width)
    return list(beam.strings[0])


class _Beam(NamedTuple):
    """Strings, the likeliest first, and the log-probabilities of their paths that end in."""

    strings: list[tuple[int, ...]]
    blank: np.ndarray
    label: np.ndarray


def _advanced(beam: _Beam, step: np.ndarray, blank: int, width: int) -> _Beam:
    """The likeliest strings after one more frame with the log-probabilities `step`."""
    strings = beam.strings
    either = np.logaddexp(beam.blank, beam.label)
    last = np.array([string[-1] if string else blank for string in strings])
    in_blank, in_label = either + step[blank], beam.label + step[last]
    grown = either[:, None] + step
    # A label follows itself only after a blank.
    grown[np.arange(len(strings)), last] = beam.blank + step[last]
    grown[:, blank] = -np.inf
    # A string that grows into one that is there already adds to that one.
    places = {string: place for place, string in enumerate(strings)}
    for place, string in enumerate(strings):
        parent = places.get(string[:-1]) if string else None
        if parent is not None:
            in_label[place] = np.logaddexp(in_label[place], grown[parent, string[-1]])
            grown[parent, string[-1]] = -np.inf
    scores = np.concatenate([np.logaddexp(in_blank, in_label), grown.ravel()])
    chosen = np.argsort(-scores, kind="stable")[:width]
    kept = chosen[scores[chosen] > -np.inf]
    before = len(strings)
    return _Beam(
        [
            strings[place]
            if place < before
            else (*strings[(place - before) // len(step)], int((place - before) % len(step)))
            for place in kept
        ],
        np.array([in_blank[place] if place < before else -np.inf for place in kept]),
        np.array([in_label[place] if place < before else scores[place] for place in kept]),
    )
