"""The models of the three tasks, each on top of a table of words and what is frozen.

They stand for those of the paper, far smaller: a biattentive network (BCN) for sentiment, ESIM for
entailment, BiDAF for spans.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from lrkeras.tasks.papers.elmo.downstream.layer_mix import LayerMix
from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig

_NEVER = -1e9


def sentiment_model(
    config: ElmoConfig, num_words: int, frozen: tuple[int, int] | None, classes: int
):
    """An LSTM in both directions, and the largest and the mean state of a sentence.

    Args:
        config: the run.
        num_words: of the task's vocabulary.
        frozen: layers and width of a word of the language model, or None without one.
        classes: outputs.

    Returns:
        A model from the inputs of `ExampleBatches` to logits, `(batch, classes)`.
    """
    inputs, (text,), (mask,) = _texts(config, num_words, frozen, 1)
    states = _both_ways(config, "states")(text, mask=mask)
    hidden = layers.Dropout(config.task_dropout)(_pooled(states, mask))
    hidden = layers.Dense(config.task_units, activation="relu", name="hidden")(hidden)
    logits = layers.Dense(classes, name="logits")(layers.Dropout(config.task_dropout)(hidden))
    return keras.Model(inputs, logits, name="sst")


def entailment_model(
    config: ElmoConfig, num_words: int, frozen: tuple[int, int] | None, classes: int
):
    """Each word beside what it is aligned with in the other sentence, and the pair `u`, `v`.

    The classifier reads `[u, v, |u - v|, u v]`. Arguments and outputs are as of `sentiment_model`.
    """
    inputs, texts, masks = _texts(config, num_words, frozen, 2)
    encode = _both_ways(config, "states")
    first, second = (encode(text, mask=mask) for text, mask in zip(texts, masks, strict=True))
    compare = layers.Dense(2 * config.task_units, activation="relu", name="compare")
    scores = ops.matmul(first, ops.transpose(second, (0, 2, 1)))
    u, v = (
        _pooled(compare(ops.concatenate([own, other, own - other, own * other], -1)), mask)
        for own, other, mask in (
            (first, _attended(scores, second, masks[1]), masks[0]),
            (second, _attended(ops.transpose(scores, (0, 2, 1)), first, masks[0]), masks[1]),
        )
    )
    pair = layers.Dropout(config.task_dropout)(ops.concatenate([u, v, ops.abs(u - v), u * v], -1))
    hidden = layers.Dense(config.task_units, activation="relu", name="hidden")(pair)
    logits = layers.Dense(classes, name="logits")(layers.Dropout(config.task_dropout)(hidden))
    return keras.Model(inputs, logits, name="sick")


def span_model(config: ElmoConfig, num_words: int, frozen: tuple[int, int] | None, classes: int):
    """Two pointers into a paragraph whose words look at those of a question.

    Chen et al. 2017 (arXiv 1704.00051), sect. 3.2. Arguments are as of `sentiment_model`, but that
    there are no classes.

    Returns:
        A model to the logits of the first and of the last word, `(batch, 2, words)`.
    """
    inputs, (text, asked), (mask, asked_mask) = _texts(config, num_words, frozen, 2)
    align = layers.Dense(config.task_units, activation="relu", name="align")
    scores = ops.matmul(align(text), ops.transpose(align(asked), (0, 2, 1)))
    aligned = _attended(scores, asked, asked_mask)
    joined = ops.concatenate([text, aligned, inputs["shared"][..., None]], axis=-1)
    states = _both_ways(config, "states")(joined, mask=mask)
    states = layers.Dropout(config.task_dropout)(states)
    question = _both_ways(config, "question")(asked, mask=asked_mask)
    weights = layers.Dense(1, name="question_weights")(question)
    question = _attended(ops.transpose(weights, (0, 2, 1)), question, asked_mask)[:, 0]
    logits = [
        _without(
            ops.sum(states * layers.Dense(2 * config.task_units, name=name)(question)[:, None], -1),
            mask,
        )
        for name in ("first", "last")
    ]
    return keras.Model(inputs, ops.stack(logits, axis=1), name="squad")


def _texts(config: ElmoConfig, num_words: int, frozen: tuple[int, int] | None, count: int):
    """Inputs by name, and the words and the mask of each text."""
    table = layers.Embedding(num_words, config.task_dim, name="table")
    mix = LayerMix(name="mix")
    inputs, texts, masks = {}, [], []
    for number in range(count):
        words = keras.Input((None,), dtype="int32", name=f"words_{number}")
        inputs[words.name] = words
        parts = [table(words)]
        if frozen is not None:
            given = keras.Input((None, *frozen), name=f"layers_{number}")
            inputs[given.name] = given
            parts.append(mix(given))
        text = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        texts.append(layers.Dropout(config.task_dropout)(text))
        masks.append(words > 0)
    if count > 1:
        inputs["shared"] = keras.Input((None,), name="shared")
    return inputs, texts, masks


def _both_ways(config: ElmoConfig, name: str) -> keras.layers.Layer:
    lstm = layers.LSTM(config.task_units, return_sequences=True, name=f"{name}_lstm")
    return layers.Bidirectional(lstm, name=name)


def _pooled(states, mask):
    """The largest and the mean of each number over the words of a text."""
    held = ops.cast(mask[..., None], states.dtype)
    largest = ops.max(states * held + (1 - held) * _NEVER, axis=1)
    mean = ops.sum(states * held, axis=1) / ops.maximum(ops.sum(held, axis=1), 1)
    return ops.concatenate([largest, mean], axis=-1)


def _attended(scores, values, mask):
    """Means of values, weighted by the softmax of scores `(batch, queries, values)`."""
    return ops.matmul(ops.softmax(_without(scores, mask[:, None])), values)


def _without(scores, mask):
    return ops.where(mask, scores, _NEVER)
