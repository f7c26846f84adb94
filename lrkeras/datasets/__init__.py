"""Loaders in the manner of `keras.datasets`, with a small embedded default for each task."""

from lrkeras.datasets import words
from lrkeras.datasets.vocabulary import Vocabulary

__all__ = ["Vocabulary", "words"]
