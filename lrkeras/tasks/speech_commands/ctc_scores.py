"""How likely an utterance is one word, or none."""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax, logsumexp

from lrkeras.datasets.speech_commands import COMMANDS
from lrkeras.tasks.speech_commands.labels import BLANK, LABELS

SILENCE, UNKNOWN_CLASS = "_silence_", "_unknown_"
# The twelve classes that the data set is scored by: a digit is one of its unknown words.
CLASSES = (*COMMANDS, UNKNOWN_CLASS, SILENCE)


def single_word_scores(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities of the utterances that consist of nothing, and of each label alone.

    The forward algorithm of CTC (Graves et al. 2006) over the three states blank, label, blank,
    for all labels at once.

    Args:
        logits: shape `(batch, frames, outputs)`.

    Returns:
        float64 of shape `(batch, outputs)`: at `BLANK` that of nothing.
    """
    steps = log_softmax(np.asarray(logits, np.float64), axis=-1)
    blank = steps[..., BLANK : BLANK + 1]
    before = np.zeros_like(steps[:, 0, :1])
    label = np.full_like(steps[:, 0], -np.inf)
    after = label.copy()
    for frame in range(steps.shape[1]):
        after = np.logaddexp(after, label) + blank[:, frame]
        label = np.logaddexp(label, before) + steps[:, frame]
        before = before + blank[:, frame]
    scores = np.logaddexp(label, after)
    scores[:, BLANK] = before[:, 0]
    return scores


def classify(logits: np.ndarray) -> list[str]:
    """The most likely of `CLASSES` for each utterance; logits `(batch, frames, outputs)`."""
    scores = single_word_scores(logits)
    commands = scores[:, [LABELS.index(word) + 1 for word in COMMANDS]]
    others = [output + 1 for output, word in enumerate(LABELS) if word not in COMMANDS]
    unknown = logsumexp(scores[:, others], axis=1)
    table = np.column_stack([commands, unknown, scores[:, BLANK]])
    return [CLASSES[place] for place in table.argmax(axis=1)]


def class_of(word: str) -> str:
    """The class of a word; of background noise, which has no word, `SILENCE`."""
    if not word:
        return SILENCE
    return word if word in COMMANDS else UNKNOWN_CLASS
