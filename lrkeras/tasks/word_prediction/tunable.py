"""The trained word model of a run, for `lrkeras.tune`."""

from __future__ import annotations

import pathlib

import keras
import numpy as np

from lrkeras.tasks.training.tunable import Tunable
from lrkeras.tasks.word_prediction.config import WordPredictionConfig
from lrkeras.tasks.word_prediction.perplexity import Perplexity
from lrkeras.tasks.word_prediction.token_windows import TokenWindows
from lrkeras.tasks.word_prediction.training import load_corpus


def tunable(
    config: WordPredictionConfig, out: str | pathlib.Path, data: str | pathlib.Path | None = None
) -> Tunable:
    """The first model of a finished run, an epoch of its windows, and those to judge on.

    Args:
        config: The run.
        out: Its folder.
        data: The folder of its corpus.
    """
    train_ids, valid_ids, vocabulary = load_corpus(config, data)
    sizes = {"window": config.window, "first_id": vocabulary.end_id}
    batches = TokenWindows(
        train_ids,
        batch_size=config.batch_size,
        seed=config.seed,
        steps_per_epoch=config.steps_per_epoch,
        unknown_id=vocabulary.unknown_id,
        unknown_rate=config.unknown_rate,
        **sizes,
    )
    # Whole windows, so that none is padded.
    whole = max(len(valid_ids) // config.window, 1) * config.window
    valid = TokenWindows(valid_ids[:whole], batch_size=config.batch_size, **sizes)
    file = pathlib.Path(out) / f"{config.models[0]}.keras"
    model = keras.saving.load_model(file, compile=False)
    model.compile(
        keras.optimizers.AdamW(
            config.student_rate, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[Perplexity()],
    )
    return Tunable(model, _joined(batches), _joined(valid), {"vocabulary": vocabulary.words})


def _joined(windows: TokenWindows) -> tuple[np.ndarray, np.ndarray]:
    batches = [windows[number][:2] for number in range(windows.num_batches)]
    inputs, targets = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    return inputs, targets
