"""Loaders in the manner of `keras.datasets`, with a small embedded default for each task."""

from lrkeras.datasets import speech_commands, words
from lrkeras.datasets.clip import Clip
from lrkeras.datasets.vocabulary import Vocabulary
from lrkeras.datasets.wav import read_wav

__all__ = ["Clip", "Vocabulary", "read_wav", "speech_commands", "words"]
