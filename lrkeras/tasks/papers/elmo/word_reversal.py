"""Sentences from the end to the beginning."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="lrkeras.papers")
class WordReversal(keras.layers.Layer):
    """Turns the words of each row round and leaves its padding behind them.

    An LSTM that goes over what it gives starts at the last word of each row, however long that is,
    and needs no mask; turned round again, its outputs are at their words.

    Call it with `(batch, words, features)` and the `character_ids` of the words.
    """

    def call(self, values, characters):
        lengths = ops.sum(ops.cast(ops.any(characters > 0, axis=-1), "int32"), -1, keepdims=True)
        places = ops.arange(ops.shape(characters)[1], dtype="int32")[None]
        order = ops.where(places < lengths, lengths - 1 - places, places)
        return ops.take_along_axis(values, order[:, :, None], axis=1)

    def compute_output_shape(self, values_shape, characters_shape):
        return values_shape
