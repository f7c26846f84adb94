"""The text of the language model."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np

from lrkeras.datasets import Vocabulary, words
from lrkeras.tasks.papers.elmo.character_ids import character_ids
from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.papers.elmo.text_windows import TextWindows, predicted


@dataclasses.dataclass(frozen=True)
class ElmoText:
    """A text as ids of words, from frequent to rare.

    Attributes:
        train: what is trained on, `(words,)`.
        valid: what is measured after every epoch.
        test: what is read once.
        vocabulary: every word of the training part.
        characters: `character_ids` of the vocabulary.
        num_words: those from here on are read, but predicted as the unknown word.
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    vocabulary: Vocabulary
    characters: np.ndarray
    num_words: int

    @classmethod
    def load(cls, config: ElmoConfig, data: str | pathlib.Path | None) -> ElmoText:
        """Loads the text of a run; the two halves of its validation part are `valid` and `test`.

        Args:
            config: the run.
            data: the folder that holds `wikitext-2`.

        Raises:
            ValueError: no folder is given, or there is no such corpus.
            FileNotFoundError: the folder does not hold it.
        """
        if config.corpus == "dialogues":
            train, valid, vocabulary = words.load_data(None)
        elif config.corpus != "wikitext-2":
            raise ValueError(f"Expected 'wikitext-2' or 'dialogues'; received {config.corpus!r}.")
        elif data is None:
            raise ValueError(
                "WikiText-2 does not come with the package; received no folder. Pass the folder "
                "that holds `wikitext-2` as `data` (--data on the command line)."
            )
        else:
            train, valid, vocabulary = words.load_wikitext2(pathlib.Path(data) / "wikitext-2")
        cut, half = slice(config.max_tokens), len(valid) // 2
        return cls(
            train[cut],
            valid[:half][cut],
            valid[half:][cut],
            vocabulary,
            character_ids(vocabulary.words, config.characters),
            min(config.num_words, len(vocabulary)),
        )

    def windows(self, config: ElmoConfig) -> TextWindows:
        """The training part in batches."""
        return TextWindows(
            self.train,
            self.characters,
            num_words=self.num_words,
            unknown_id=self.vocabulary.unknown_id,
            window=config.window,
            batch_size=config.batch_size,
            negatives=config.negatives,
            seed=config.seed,
        )

    def predicted(self, ids: np.ndarray) -> np.ndarray:
        """Ids as they are predicted."""
        return predicted(ids, self.num_words, self.vocabulary.unknown_id)

    def unigram_perplexity(self, ids: np.ndarray) -> float:
        """The perplexity of guessing by how often words are in the training part, plus one each."""
        counts = np.bincount(self.predicted(self.train), minlength=self.num_words) + 1.0
        nats = np.log(counts / counts.sum())[self.predicted(ids)]
        return float(np.exp(-nats.mean()))
