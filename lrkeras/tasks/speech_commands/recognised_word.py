"""One word that was recognised in a stream."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class RecognisedWord:
    """A word and when it was known.

    Attributes:
        word: the label.
        heard: the time from the start of the stream, in seconds, at which the network named it.
        final: the time at which it could no longer change.
    """

    word: str
    heard: float
    final: float
