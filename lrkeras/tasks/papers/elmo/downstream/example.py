"""One example of a task."""

from __future__ import annotations

import dataclasses

Words = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Example:
    """Texts, and what is to be said of them.

    Attributes:
        texts: the words of one text or two.
        target: the number of the class; or the first and the last word of the answer in the first
            text.
        answers: what may be answered, as it is written.
        source: the first text as it is written, if it is searched for answers.
        places: where each of its words begins and ends in `source`.
    """

    texts: tuple[Words, ...]
    target: tuple[int, ...]
    answers: tuple[str, ...] = ()
    source: str = ""
    places: tuple[tuple[int, int], ...] = ()

    def written(self, first: int, last: int) -> str:
        """What is written from one word of the first text to another."""
        return self.source[self.places[first][0] : self.places[last][1]]
