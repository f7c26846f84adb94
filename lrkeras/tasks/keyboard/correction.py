"""What a typed word should be instead."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Correction:
    """A correction of the last word of a text.

    Attributes:
        typed: the word as it stands at the end of the text.
        replacement: a word of the vocabulary, in the case that `typed` has.
    """

    typed: str
    replacement: str
