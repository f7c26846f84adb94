"""A sentence that says what somebody wants."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Utterance:
    """The words of a sentence, its intent, and the slot of each word.

    Attributes:
        words: lower-case words.
        intent: what it asks for, such as `"PlayMusic"`.
        slots: a tag for each word: `"O"`, or `"B-artist"` where a slot begins and `"I-artist"`
            where it goes on; None in a corpus without slots.

    Raises:
        ValueError: there is no word, or not a tag for each.
    """

    words: tuple[str, ...]
    intent: str
    slots: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not self.words:
            raise ValueError(f"Expected an utterance with a word; received none for {self.intent}.")
        if self.slots is not None and len(self.slots) != len(self.words):
            raise ValueError(
                f"Expected a tag for each of {len(self.words)} words; received {len(self.slots)} "
                f"for {' '.join(self.words)!r}."
            )
