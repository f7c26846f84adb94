"""The characters that the outputs stand for."""

from __future__ import annotations

from collections.abc import Iterable

# Of keras.losses.CTC.
BLANK = 0
CHARACTERS = " ABCDEFGHIJKLMNOPQRSTUVWXYZ'"
NUM_OUTPUTS = 1 + len(CHARACTERS)


def outputs_of(text: str) -> list[int]:
    """The outputs that spell a text.

    Raises:
        ValueError: it has a character that none stands for.
    """
    unknown = sorted(set(text) - set(CHARACTERS))
    if unknown:
        raise ValueError(f"Expected characters of {CHARACTERS!r}; received {unknown} in {text!r}.")
    return [CHARACTERS.index(character) + 1 for character in text]


def text_of(outputs: Iterable[int]) -> str:
    """The text that outputs spell, words apart by one space; blanks and -1 are nothing."""
    spelled = "".join(CHARACTERS[output - 1] for output in outputs if output > BLANK)
    return " ".join(spelled.split())
