"""Sentences as numbers."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from lrkeras.datasets import Vocabulary, intents
from lrkeras.datasets.utterance import Utterance
from lrkeras.datasets.vocabulary import END, UNKNOWN
from lrkeras.tasks.papers.intents.intent_config import IntentConfig

OUTSIDE = "O"


@dataclasses.dataclass(frozen=True)
class EncodedCorpus:
    """The parts of a corpus, and what their words, intents and tags are as numbers.

    Attributes:
        train: the sentences that are trained on.
        valid: those that choose.
        test: those that are read once.
        vocabulary: the words of the table; 0 is the end of a sentence, and fills what is behind it.
        intents: those of the training part.
        tags: those of the training part, none without slots.
        max_words: words of a sentence that are read.
    """

    train: Sequence[Utterance]
    valid: Sequence[Utterance]
    test: Sequence[Utterance]
    vocabulary: Vocabulary
    intents: tuple[str, ...]
    tags: tuple[str, ...]
    max_words: int

    @classmethod
    def load(cls, config: IntentConfig, data: str | pathlib.Path | None) -> EncodedCorpus:
        """Loads the corpus of a run.

        Raises:
            ValueError: no folder is given.
            FileNotFoundError: the folder does not hold it.
        """
        if data is None:
            raise ValueError(
                f"The corpus {config.corpus!r} does not come with the package; received no folder. "
                "Pass the folder into which it was unpacked as `data` (--data on the command line)."
            )
        cut = slice(config.max_sentences)
        train, valid, test = (part[cut] for part in intents.load(config.corpus, data))
        counts = collections.Counter(word for one in train for word in one.words)
        often = [word for word, count in counts.items() if count >= config.least_count]
        ranked = sorted(often, key=lambda word: (-counts[word], word))
        tags = {tag for one in train for tag in one.slots or ()}
        return cls(
            train,
            valid,
            test,
            Vocabulary([END, UNKNOWN, *ranked]),
            tuple(sorted({one.intent for one in train})),
            (OUTSIDE, *sorted(tags - {OUTSIDE})) if tags else (),
            config.max_words,
        )

    def words_of(self, sentences: Sequence[Utterance], length: int | None = None) -> np.ndarray:
        """The words as ids, int32 `(sentences, length)`, 0 behind the last; at most `max_words`.

        Args:
            sentences: some of a part.
            length: words of a row; None for those of the longest sentence.
        """
        length = length or min(self.max_words, max(len(one.words) for one in sentences))
        return _padded([self.vocabulary.encode(one.words) for one in sentences], length)

    def intents_of(self, sentences: Sequence[Utterance]) -> np.ndarray:
        """The intents as numbers, int32 `(sentences,)`; -1 is one that was not trained."""
        places = {intent: place for place, intent in enumerate(self.intents)}
        return np.array([places.get(one.intent, -1) for one in sentences], "int32")

    def tags_of(self, sentences: Sequence[Utterance], length: int) -> np.ndarray:
        """The tags as numbers, int32 `(sentences, length)`, 0 (outside) behind the last word."""
        places = {tag: place for place, tag in enumerate(self.tags)}
        rows = [np.array([places.get(t, 0) for t in one.slots or ()]) for one in sentences]
        return _padded(rows, length)

    def majority_accuracy(self, sentences: Sequence[Utterance]) -> float:
        """The accuracy of giving every sentence the intent that the training part has most of."""
        usual, _ = collections.Counter(one.intent for one in self.train).most_common(1)[0]
        return float(np.mean([one.intent == usual for one in sentences]))


def _padded(rows: Sequence[np.ndarray], length: int) -> np.ndarray:
    found = np.zeros((len(rows), length), "int32")
    for target, row in zip(found, rows, strict=True):
        target[: len(row)] = row[:length]
    return found
