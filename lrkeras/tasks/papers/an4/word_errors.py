"""Word errors by speaker."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from lrkeras.datasets.spoken_utterance import SpokenUtterance


@dataclasses.dataclass(frozen=True)
class WordErrors:
    """What was got wrong of the words of each speaker.

    Attributes:
        errors: words put in place of others, left out and put in, by speaker.
        words: words said, by speaker.
    """

    errors: dict[str, int]
    words: dict[str, int]

    @classmethod
    def of(cls, utterances: Sequence[SpokenUtterance], texts: Sequence[str]) -> WordErrors:
        """Counts the errors in texts that were recognised.

        Args:
            utterances: what was said.
            texts: what was recognised, one for each.

        Raises:
            ImportError: jiwer is not installed.
        """
        import jiwer

        errors, words = {}, {}
        for speaker in sorted({one.speaker for one in utterances}):
            pairs = [
                (one.text, text)
                for one, text in zip(utterances, texts, strict=True)
                if one.speaker == speaker
            ]
            said, found = map(list, zip(*pairs, strict=True))
            counts = jiwer.process_words(said, found)
            errors[speaker] = counts.substitutions + counts.deletions + counts.insertions
            words[speaker] = counts.hits + counts.substitutions + counts.deletions
        return cls(errors, words)

    @property
    def rate(self) -> float:
        """Errors for each word said; 1 where nothing is recognised."""
        return sum(self.errors.values()) / sum(self.words.values())
