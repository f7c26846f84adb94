"""A trained model of a task and what to search smaller ones with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np


@dataclasses.dataclass(frozen=True)
class Tunable:
    """What `lrkeras.tune` takes.

    Attributes:
        model: Trained and compiled.
        train, validation: `(x, y)`.
        metadata: For the files.
        outputs: What the outputs are, as in `lrkeras.distill`.
    """

    model: keras.Model
    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    metadata: dict[str, Any]
    outputs: str = "logits"


def joined(batches: Iterable[Sequence[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The inputs and the targets of batches `(inputs, targets, ...)`, one after the other."""
    pairs = [batch[:2] for batch in batches]
    inputs, targets = (np.concatenate(arrays) for arrays in zip(*pairs, strict=True))
    return inputs, targets
