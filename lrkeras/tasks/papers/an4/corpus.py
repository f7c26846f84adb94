"""The utterances of a run."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np

from lrkeras.datasets import an4
from lrkeras.datasets.spoken_utterance import SpokenUtterance
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.features import with_slopes
from lrkeras.tasks.papers.an4.made_up import made_up
from lrkeras.tasks.training.data_folder import check_data_folder


@dataclasses.dataclass(frozen=True)
class Corpus:
    """The utterances of three groups of speakers."""

    train: list[SpokenUtterance]
    valid: list[SpokenUtterance]
    test: list[SpokenUtterance]

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the features of all frames of the training speakers."""
        frames = np.concatenate([with_slopes(one.cepstra) for one in self.train])
        return frames.mean(0, np.float64), frames.std(0, dtype=np.float64)


def load_corpus(config: AN4Config, data: str | pathlib.Path | None) -> Corpus:
    """Loads the utterances of a run.

    Raises:
        ValueError: there is no such corpus, or `data` is missing where it is needed.
        FileNotFoundError: the folder does not hold it.
    """
    check_data_folder(data)
    if config.corpus == "made_up":
        return Corpus(*map(made_up, an4.SPLITS))
    if config.corpus != "an4":
        raise ValueError(f"corpus must be 'an4' or 'made_up'; received {config.corpus!r}.")
    if data is None:
        raise ValueError(
            "CMU AN4 does not come with the package; received no folder. Pass the folder that "
            "holds etc/ and feat/ as `data` (--data on the command line)."
        )
    return Corpus(*(an4.load_data(data, split) for split in an4.SPLITS))
