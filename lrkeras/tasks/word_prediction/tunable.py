"""The trained word model of a run, for `lrkeras.tune`."""

from __future__ import annotations

import pathlib

import keras

from lrkeras.tasks.training.optimizer import adamw_at
from lrkeras.tasks.training.tunable import Tunable, joined
from lrkeras.tasks.word_prediction.config import WordPredictionConfig
from lrkeras.tasks.word_prediction.perplexity import Perplexity
from lrkeras.tasks.word_prediction.token_windows import TokenWindows, whole_windows
from lrkeras.tasks.word_prediction.training import load_corpus, training_windows


def tunable(
    config: WordPredictionConfig, out: str | pathlib.Path, data: str | pathlib.Path | None = None
) -> Tunable:
    """The first model of a finished run, an epoch of its windows, and those to judge on.

    Args:
        config: The run.
        out: Its folder.
        data: The folder of its corpus, or its file of text.
    """
    train_ids, valid_ids, vocabulary = load_corpus(config, data)
    config = config.sized_for(len(train_ids))
    windows = training_windows(config, train_ids, vocabulary)
    valid = TokenWindows(
        whole_windows(valid_ids, config.window),
        window=config.window,
        batch_size=config.batch_size,
        first_id=vocabulary.end_id,
    )
    file = pathlib.Path(out) / f"{config.models[0]}.keras"
    model = keras.saving.load_model(file, compile=False)
    model.compile(
        adamw_at(config.student_rate, config),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[Perplexity()],
    )
    train, validation = (
        joined(part[number] for number in range(part.num_batches)) for part in (windows, valid)
    )
    return Tunable(model, train, validation, {"vocabulary": vocabulary.words})
