"""Batches of examples."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from lrkeras.datasets import Vocabulary
from lrkeras.tasks.papers.elmo.downstream.example import Example
from lrkeras.tasks.papers.elmo.downstream.frozen_texts import FrozenTexts

# Batches whose examples are sorted by length together, so that little is padding.
_SORTED_TOGETHER = 8


class ExampleBatches(keras.utils.PyDataset):
    """Examples in batches of like length, in another order in every epoch.

    Args:
        examples: of one part.
        vocabulary: of the task; its word 0 fills what is behind a text.
        frozen: what the language model makes of the texts, or None without one.
        batch_size: examples of a batch.
        seed: with the epoch it gives the order; None for that of the examples.

    Attributes:
        epoch: its number.

    A batch is inputs by name and targets, int32 `(batch,)` or, of spans, `(batch, 2)`. The inputs
    of the text with the number N: `words_N`, int32 `(batch, words)`; with a frozen model
    `layers_N`, `(batch, words, layers, width)`; and if there are two texts `shared`, `(batch, words
    of the first)`: 1 where a word is in the second one too, in capitals or not.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        vocabulary: Vocabulary,
        frozen: FrozenTexts | None,
        *,
        batch_size: int,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.examples, self.vocabulary, self.frozen = examples, vocabulary, frozen
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0

    @property
    def num_batches(self) -> int:
        return -(-len(self.examples) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        examples = [self.examples[place] for place in self.places()[index]]
        inputs: dict[str, np.ndarray] = {}
        for number in range(len(examples[0].texts)):
            inputs |= self._inputs(examples, number, index)
        if len(examples[0].texts) > 1:
            inputs["shared"] = _shared(examples, inputs["words_0"].shape[1])
        targets = np.array([one.target for one in examples], np.int32)
        return inputs, targets[:, 0] if targets.shape[1] == 1 else targets

    def places(self) -> list[np.ndarray]:
        """The places of the examples of each batch of this epoch."""
        size = self.batch_size
        if self.seed is None:
            every = np.arange(len(self.examples))
            return [every[at : at + size] for at in range(0, len(every), size)]
        rng = np.random.default_rng((self.seed, self.epoch))
        lengths = np.array([len(one.texts[0]) for one in self.examples])
        order, batches = rng.permutation(len(lengths)), []
        for first in range(0, len(order), size * _SORTED_TOGETHER):
            some = order[first : first + size * _SORTED_TOGETHER]
            some = some[np.argsort(lengths[some], kind="stable")]
            batches += [some[at : at + size] for at in range(0, len(some), size)]
        # Only the last of a pool can be smaller; it may be anywhere.
        return [batches[place] for place in rng.permutation(len(batches))]

    def _inputs(
        self, examples: Sequence[Example], number: int, index: int
    ) -> dict[str, np.ndarray]:
        texts = [one.texts[number] for one in examples]
        longest = max(map(len, texts))
        # Keras takes a length that its first two batches have in common for that of all.
        longest += (longest + index) % 2
        words = np.zeros((len(texts), longest), np.int32)
        for place, text in enumerate(texts):
            words[place, : len(text)] = self.vocabulary.encode(text_key(word) for word in text)
        found: dict[str, np.ndarray] = {f"words_{number}": words}
        if self.frozen is not None:
            layers = np.zeros((len(texts), longest, *self.frozen.shape), np.float32)
            for place, text in enumerate(texts):
                layers[place, : len(text)] = self.frozen.of(text)
            found[f"layers_{number}"] = layers
        return found


def text_key(word: str) -> str:
    """A word as the table of words has it."""
    return word.lower()


def _shared(examples: Sequence[Example], longest: int) -> np.ndarray:
    found = np.zeros((len(examples), longest), np.float32)
    for row, one in zip(found, examples, strict=True):
        asked = set(map(text_key, one.texts[1]))
        row[: len(one.texts[0])] = [text_key(word) in asked for word in one.texts[0]]
    return found
