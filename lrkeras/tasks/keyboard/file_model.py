"""A converted model as `measure` wants it."""

from __future__ import annotations

import os

import numpy as np

from lrkeras.export import StepRunner
from lrkeras.tasks.training.stored_vocabulary import stored_vocabulary


class FileModel:
    """Feeds a `.tflite` step file a token at a time.

    Args:
        path: the file; its metadata holds the vocabulary.

    Attributes:
        vocabulary: its words.
        blocked: words that are not to be suggested.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it has no signature `step` or no vocabulary.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self._runner = StepRunner(path)
        self.vocabulary = stored_vocabulary(self._runner.metadata, path)
        self.blocked = tuple(self._runner.metadata.get("blocked", ()))

    def reset(self) -> None:
        """Starts a message."""
        self._runner.reset()

    def feed(self, token: int) -> np.ndarray:
        """Takes a token; returns the logits of the next one, of shape `(words,)`."""
        return np.asarray(self._runner.step([[token]]), dtype=np.float64).reshape(-1)
