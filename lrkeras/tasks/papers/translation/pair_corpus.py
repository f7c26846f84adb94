"""The sentences of a run."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

from lrkeras.datasets import multi30k
from lrkeras.system.atomic_write import written_whole
from lrkeras.tasks.papers.translation.made_up import made_up
from lrkeras.tasks.papers.translation.sub_words import SubWords
from lrkeras.tasks.papers.translation.translation_config import TranslationConfig
from lrkeras.tasks.training.data_folder import check_data_folder

Pairs = Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class PairCorpus:
    """Pairs of a sentence and its translation in three parts, and the sub-words of the first.

    Attributes:
        train: pairs that are trained on.
        valid: those that choose.
        test: those that are read once.
        sub_words: of both languages.
    """

    train: Pairs
    valid: Pairs
    test: Pairs
    sub_words: SubWords

    @classmethod
    def load(
        cls, config: TranslationConfig, data: str | pathlib.Path | None, words: pathlib.Path
    ) -> PairCorpus:
        """Loads the pairs of a run.

        Args:
            config: the run.
            data: the folder of the corpus.
            words: the file of the sub-words. If it is not there they are found in the training
                part; `write_words` writes it.

        Raises:
            ValueError: there is no such corpus, or `data` is missing where it is needed.
            FileNotFoundError: the folder does not hold it.
            ImportError: keras-hub is not installed.
        """
        check_data_folder(data)
        train, valid, test = (_pairs(config, data, split) for split in multi30k.SPLITS)
        if words.exists():
            return cls(train, valid, test, SubWords(words.read_bytes()))
        texts = (text for pair in train for text in pair)
        return cls(train, valid, test, SubWords.train(texts, config.num_pieces))

    def write_words(self, file: pathlib.Path) -> None:
        """Writes the sub-words where `load` and users of the model find them."""
        with written_whole(file) as draft:
            draft.write_bytes(self.sub_words.proto)


def _pairs(config: TranslationConfig, data: str | pathlib.Path | None, split: str) -> Pairs:
    if config.corpus == "made_up":
        return made_up(split)
    if config.corpus != "multi30k":
        raise ValueError(f"corpus must be 'multi30k' or 'made_up'; received {config.corpus!r}.")
    if data is None:
        raise ValueError(
            "Multi30k does not come with the package; received no folder. Pass the folder that "
            "holds raw/ as `data` (--data on the command line)."
        )
    return multi30k.load_data(data, split)
