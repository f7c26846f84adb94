"""How good the intents and slots that were found are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from lrkeras.datasets.utterance import Utterance
from lrkeras.tasks.papers.intents.encoded_corpus import OUTSIDE, EncodedCorpus
from lrkeras.tasks.papers.intents.slot_spans import count_slots, f1_of


@dataclasses.dataclass(frozen=True)
class IntentScores:
    """The scores of some sentences, and what each of them adds.

    Attributes:
        right: whether the intent of each is right, bool `(sentences,)`.
        slots: right slots, those that are there, those that are given, `(sentences, 3)`; None for
            a corpus without slots.
    """

    right: np.ndarray
    slots: np.ndarray | None

    @classmethod
    def of(
        cls,
        corpus: EncodedCorpus,
        sentences: Sequence[Utterance],
        outputs: Mapping[str, np.ndarray],
    ) -> IntentScores:
        """Holds outputs of a model against sentences.

        Args:
            corpus: what it was trained on.
            sentences: what it was given.
            outputs: `intent`, `(sentences, intents)`, and `slots`, `(sentences, words, tags)`: the
                largest counts. Words beyond those are taken for outside of a slot.
        """
        right = outputs["intent"].argmax(-1) == corpus.intents_of(sentences)
        if not corpus.tags:
            return cls(right, None)
        counts = []
        for one, numbers in zip(sentences, outputs["slots"].argmax(-1), strict=True):
            given = [corpus.tags[number] for number in numbers[: len(one.words)]]
            given += [OUTSIDE] * (len(one.words) - len(given))
            counts.append(count_slots(one.slots or (), given))
        return cls(right, np.array(counts))

    @property
    def accuracy(self) -> float:
        """The share of sentences whose intent is right."""
        return float(self.right.mean())

    @property
    def slot_f1(self) -> float | None:
        """The F1 of whole slots over all sentences, or None without slots."""
        return None if self.slots is None else f1_of(self.slots)

    def named(self, prefix: str) -> dict[str, float]:
        """The scores by name: `PREFIX_accuracy` and, with slots, `PREFIX_slot_f1`."""
        found = {f"{prefix}_accuracy": self.accuracy}
        if self.slot_f1 is not None:
            found[f"{prefix}_slot_f1"] = self.slot_f1
        return found

    def by_sentence(self) -> dict[str, str]:
        """What each sentence adds, in few characters.

        `right` has 4 sentences in a hexadecimal digit, the first in its highest bit; `slots` has
        three digits in base 36 for each: right, there, given.
        """
        found = {"right": np.packbits(self.right).tobytes().hex()}
        if self.slots is not None:
            found["slots"] = "".join(np.base_repr(n, 36) for n in self.slots.ravel())
        return found
