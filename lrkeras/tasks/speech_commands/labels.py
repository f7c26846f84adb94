"""What the recogniser can say, and where each label is among the outputs."""

from __future__ import annotations

from collections.abc import Sequence

from lrkeras.datasets.speech_commands import COMMANDS, DIGITS

UNKNOWN = "<unknown>"
LABELS = (*COMMANDS, *DIGITS, UNKNOWN)
# Where `keras.losses.CTC` has it: the labels follow in their order, from output 1 on.
BLANK = 0
NUM_OUTPUTS = len(LABELS) + 1


def output_of(word: str) -> int:
    """The output of a word; words that have none are the unknown word."""
    label = word if word in LABELS else UNKNOWN
    return LABELS.index(label) + 1


def words_of(outputs: Sequence[int]) -> list[str]:
    """The labels of outputs other than the blank, without those of unknown words."""
    return [LABELS[output - 1] for output in outputs if LABELS[output - 1] != UNKNOWN]
