"""From logits to texts and their word errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

from lrkeras.datasets.spoken_utterance import SpokenUtterance
from lrkeras.tasks.papers.an4.alphabet import BLANK, text_of
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.features import steps_of
from lrkeras.tasks.papers.an4.utterance_batches import padded
from lrkeras.tasks.papers.an4.word_errors import WordErrors

_BATCH = 32


def keras_logits(
    model: keras.Model, utterances: Sequence[SpokenUtterance], config: AN4Config
) -> list[np.ndarray]:
    """Logits `(steps, outputs)` of each utterance."""
    found: list[np.ndarray] = []
    inputs = [steps_of(one.cepstra, config.stacked_frames) for one in utterances]
    for at in range(0, len(inputs), _BATCH):
        part = inputs[at : at + _BATCH]
        # Of any length: `predict` would trace anew for each, and the layers go forward only.
        logits = model.predict_on_batch(padded(part, max(map(len, inputs))))
        found += [one[: len(steps)] for one, steps in zip(logits, part, strict=True)]
    return found


def file_logits(
    run: Callable[[np.ndarray], np.ndarray],
    reset: Callable[[], None],
    utterances: Sequence[SpokenUtterance],
    config: AN4Config,
) -> list[np.ndarray]:
    """The same of a file, step by step: `StepRunner.run` and `StepRunner.reset`."""
    found = []
    for one in utterances:
        reset()
        found.append(run(steps_of(one.cepstra, config.stacked_frames))[0])
    return found


def texts_of(logits: Sequence[np.ndarray], strategy: str, width: int = 1) -> list[str]:
    """Decodes logits `(steps, outputs)`.

    Args:
        logits: of each utterance.
        strategy: `"greedy"` or `"beam_search"`, of `keras.ops.ctc_decode`.
        width: of the beam.
    """
    steps = np.array([len(one) for one in logits], np.int32)
    options = {"beam_width": width} if strategy == "beam_search" else {}
    decoded, _ = ops.ctc_decode(
        padded(logits, int(steps.max())), steps, strategy=strategy, mask_index=BLANK, **options
    )
    return [text_of(row) for row in ops.convert_to_numpy(decoded)[0]]


def scores_of(
    logits: Sequence[np.ndarray], utterances: Sequence[SpokenUtterance], config: AN4Config
) -> dict[str, WordErrors]:
    """The word errors of `"greedy"` and of `"beam"` decoding."""
    return {
        "greedy": WordErrors.of(utterances, texts_of(logits, "greedy")),
        "beam": WordErrors.of(utterances, texts_of(logits, "beam_search", config.beam_width)),
    }
