"""What is learnt on top of the language model."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
from collections.abc import Callable, Sequence

import keras
import numpy as np

from lrkeras.datasets import Vocabulary
from lrkeras.datasets.vocabulary import END, UNKNOWN
from lrkeras.tasks.papers.elmo.downstream import answers
from lrkeras.tasks.papers.elmo.downstream.corpora import Parts
from lrkeras.tasks.papers.elmo.downstream.example import Example
from lrkeras.tasks.papers.elmo.downstream.example_batches import text_key

# A word of a task's table is there at least so often.
_LEAST = 2


@dataclasses.dataclass(frozen=True)
class Task:
    """A task with a corpus, a model and a score.

    Attributes:
        name: of the task.
        load: gives the parts of the corpus in a folder.
        build: `build(config, num_words, frozen, classes)`; see `models.py`.
        classes: how many there are; None where spans of words are asked for.
        batch_size: examples of a batch.
        measure: what the score is called.
    """

    name: str
    load: Callable[[str | pathlib.Path], Parts]
    build: Callable[..., keras.Model]
    classes: int | None
    batch_size: int
    measure: str

    def vocabulary(self, train: Sequence[Example]) -> Vocabulary:
        """The words of the task's table: those that are twice in the part that is trained on."""
        counts = collections.Counter(
            text_key(word) for text in {t for one in train for t in one.texts} for word in text
        )
        often = sorted((w for w, n in counts.items() if n >= _LEAST), key=lambda w: (-counts[w], w))
        return Vocabulary([END, UNKNOWN, *often])

    def scores(self, logits: np.ndarray, examples: Sequence[Example]) -> np.ndarray:
        """The score of each example, from 0 to 1: whether it is right, or F1.

        Args:
            logits: `(examples, classes)` or `(examples, 2, words)`.
            examples: of one part.
        """
        if self.classes is not None:
            wanted = np.array([one.target[0] for one in examples])
            return (logits.argmax(-1) == wanted).astype(np.float64)
        return self._over_answers(answers.f1, answers.best_spans(logits), examples)

    def exact(self, logits: np.ndarray, examples: Sequence[Example]) -> np.ndarray:
        """Whether each answer, where spans are asked for, is one of those wanted."""
        return self._over_answers(answers.exact, answers.best_spans(logits), examples)

    def _over_answers(self, score, spans: np.ndarray, examples: Sequence[Example]) -> np.ndarray:
        return np.array(
            [
                max(score(one.written(*span), wanted) for wanted in one.answers)
                for span, one in zip(spans, examples, strict=True)
            ]
        )

    def trivial(self, train: Sequence[Example], examples: Sequence[Example]) -> float:
        """The score of what needs no model: the most frequent class, or a paragraph's first words.

        These are as many as an answer has on the mean.
        """
        if self.classes is not None:
            ((usual, _),) = collections.Counter(one.target for one in train).most_common(1)
            return float(np.mean([one.target == usual for one in examples]))
        length = round(float(np.mean([one.target[1] - one.target[0] for one in train])))
        spans = np.array([(0, min(length, len(one.places) - 1)) for one in examples])
        return float(self._over_answers(answers.f1, spans, examples).mean())
