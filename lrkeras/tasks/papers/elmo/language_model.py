"""The language model as it is trained and measured."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from lrkeras.tasks.papers.elmo.bilm import DIRECTIONS, bilm
from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.papers.elmo.elmo_text import ElmoText
from lrkeras.tasks.papers.elmo.sampled_word_losses import SampledWordLosses
from lrkeras.tasks.training.optimizer import adamw

BILM, OUTPUT = "bilm", "output"
# Rows that are measured together: with all words as outputs they are what takes memory.
_ROWS = 16
# The rate at the end, as a share of the peak.
_LAST_RATE = 0.01


def language_model(config: ElmoConfig, num_words: int) -> keras.Model:
    """Builds a `bilm` with the output layer that both directions share.

    Args:
        config: the run.
        num_words: words that are predicted.

    Returns:
        A model from `(characters, words, drawn)`, as `TextWindows` gives them, to losses in nats
        `(batch, window - 1, 2)`: of the words but the first, forward, and of the words but the
        last, backward.
    """
    layers = bilm(config)
    layers.name = BILM
    characters = keras.Input((None, config.characters), dtype="int32", name="characters")
    words, drawn = (keras.Input((None,), dtype="int32", name=name) for name in ("ids", "drawn"))
    hidden = keras.layers.Dropout(config.dropout, name="top_dropout")(layers(characters)[:, :, -1])
    output = SampledWordLosses(num_words, name=OUTPUT)
    losses = [
        output(before, after, drawn)
        for before, after in (
            (hidden[:, :-1, : config.projection], words[:, 1:]),
            (hidden[:, 1:, config.projection :], words[:, :-1]),
        )
    ]
    return keras.Model([characters, words, drawn], ops.stack(losses, axis=-1), name=config.row)


def compile_for_text(model: keras.Model, config: ElmoConfig, steps: int) -> None:
    """Compiles a `language_model` for the mean loss of both directions.

    Args:
        model: the model.
        config: the run.
        steps: batches of the whole training.
    """
    model.compile(
        adamw(config, peak=config.learning_rate, steps=steps, last=_LAST_RATE),
        _mean_of_losses,
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )


def _mean_of_losses(words, losses):
    return ops.mean(losses)


def perplexities(
    model: keras.Model, config: ElmoConfig, text: ElmoText, ids: np.ndarray
) -> dict[str, float]:
    """The perplexity of each direction, over all words that are predicted.

    The text is cut into windows, as in training; each is read from states of zero. A window begins
    with the last word of the one before, so that each direction predicts each word once.

    Args:
        model: a `language_model`.
        config: its run.
        text: whose vocabulary it has.
        ids: part of it, `(words,)`.
    """
    layers, output = model.get_layer(BILM), model.get_layer(OUTPUT)
    step, width = config.window - 1, config.projection
    count = (len(ids) - 1) // step
    if not count:
        raise ValueError(f"Expected at least {config.window} words; received {len(ids)}.")
    places = np.arange(count)[:, None] * step + np.arange(config.window)
    total = np.zeros(2)
    for first in range(0, count, _ROWS):
        # Every batch of one shape: each further one would be compiled anew.
        rows = ids[np.resize(places[first : first + _ROWS], (_ROWS, config.window))]
        used = min(_ROWS, count - first)
        top = layers.predict_on_batch(text.characters[rows])[:used, :, -1]
        words = text.predicted(rows[:used])
        for way, (hidden, after) in enumerate(
            ((top[:, :-1, :width], words[:, 1:]), (top[:, 1:, width:], words[:, :-1]))
        ):
            losses = output.over_all(
                ops.convert_to_tensor(hidden.reshape(-1, width)),
                ops.convert_to_tensor(after.reshape(-1)),
            )
            total[way] += ops.convert_to_numpy(losses).astype(np.float64).sum()
    means = total / (count * step)
    return {way: float(np.exp(mean)) for way, mean in zip(DIRECTIONS, means, strict=True)}
