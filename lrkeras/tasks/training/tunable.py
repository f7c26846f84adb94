"""A trained model of a task and what to search smaller ones with."""

from __future__ import annotations

import dataclasses
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
