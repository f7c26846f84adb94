"""Small training models of sequence to sequence."""

import keras
import numpy as np
from keras import layers

WORDS, UNITS = 20, 16


def noisy(model, seed=0):
    """The model with larger weights: attention of fresh ones is all but even."""
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    return model


def translator(
    kind="LSTM",
    attention=None,
    both_ways=False,
    mask=True,
    depth=1,
    shared=False,
    softmax=True,
    tied=False,
):
    """Tokens of the source and the target to scores of the next target token.

    `shared`: one table for both; `tied`: it also scores, without a softmax.
    """
    keras.utils.set_random_seed(0)
    source, target = keras.Input((None,), name="source"), keras.Input((None,), name="target")
    embedding = layers.ReversibleEmbedding if tied else layers.Embedding
    table = embedding(WORDS, 12, mask_zero=mask, name="source_words")
    other = layers.Embedding(WORDS, 12, mask_zero=mask, name="target_words")
    recurrent = getattr(layers, kind)
    options = dict(return_sequences=True, return_state=True)
    if both_ways:
        encoder = layers.Bidirectional(recurrent(UNITS // 2, **options), name="encoder")
        memory, *halves = encoder(table(source))
        count = len(halves) // 2
        pairs = zip(halves[:count], halves[count:], strict=True)
        states = [layers.Concatenate()(pair) for pair in map(list, pairs)]
    else:
        memory, *states = recurrent(UNITS, name="encoder", **options)(table(source))
    hidden = (table if shared or tied else other)(target)
    for level in range(depth):
        decoder = recurrent(UNITS, name=f"decoder_{level}", **options)
        hidden, *_ = decoder(hidden, initial_state=states if len(states) > 1 else states[0])
    hidden = attended(attention, hidden, memory)
    if tied:
        scores = table(layers.Dense(12, name="attended")(hidden), reverse=True)
        return noisy(keras.Model([source, target], scores))
    activation = "softmax" if softmax else None
    scores = layers.Dense(WORDS, activation=activation, name="scores")(hidden)
    return noisy(keras.Model([source, target], scores))


def attended(attention, hidden, memory):
    """What comes after an attention of a kind, over what the encoder gave."""
    if attention is None:
        return hidden
    if attention == "dot by hand":
        scores = layers.Activation("softmax")(layers.Dot(axes=[2, 2])([hidden, memory]))
        context = layers.Dot(axes=[2, 1])([scores, memory])
    elif attention == "MultiHeadAttention":
        context = layers.MultiHeadAttention(2, 8, name="attention")(hidden, memory)
        return layers.LayerNormalization()(layers.Add()([hidden, context]))
    else:
        context = getattr(layers, attention)(name="attention")([hidden, memory])
    return layers.Concatenate()([hidden, context])
