"""The output layer of a language model, and its loss over some words or over all."""

from __future__ import annotations

import math

import keras
from keras import ops

from lrkeras.tasks.papers.language_models.word_losses import word_losses

# What takes a word out of a softmax.
_NEVER = -1e9


@keras.saving.register_keras_serializable(package="lrkeras.papers")
class SampledWordLosses(keras.layers.Layer):
    """Negative log-likelihoods of words, in training over words that were drawn.

    Sampled softmax (Jean et al. 2015, arXiv 1412.2007): the right word among those drawn. The
    logarithm of how often a word is expected among them is taken off its logit, of the right one
    too, so that what is best here is best over all words. A word drawn that is the right one of a
    place does not count against it.

    Args:
        num_words: the words that can be predicted, from frequent to rare.

    Call it with hidden states `(batch, steps, inputs)`, word ids `(batch, steps)` and ids drawn
    from `log_uniform`, of any shape; it returns losses in nats, `(batch, steps)`.
    """

    def __init__(self, num_words: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.num_words = num_words

    def build(self, hidden_shape, words_shape=None, drawn_shape=None) -> None:
        shape = (self.num_words, hidden_shape[-1])
        self.table = self.add_weight(shape=shape, initializer="glorot_uniform", name="table")
        self.bias = self.add_weight(shape=(self.num_words,), initializer="zeros", name="bias")

    def call(self, hidden, words, drawn):
        drawn = ops.reshape(drawn, (-1,))
        rows = ops.reshape(hidden, (-1, hidden.shape[-1]))
        targets = ops.reshape(words, (-1,))
        count = ops.cast(ops.shape(drawn)[0], "float32")
        both = ops.concatenate([targets, drawn])
        table, bias = ops.take(self.table, both, axis=0), ops.take(self.bias, both, axis=0)
        number = ops.shape(targets)[0]
        offsets = bias - log_expected(both, self.num_words, count)
        own = ops.sum(rows * table[:number], axis=-1) + offsets[:number]
        others = ops.matmul(rows, ops.transpose(table[number:])) + offsets[number:]
        others = ops.where(targets[:, None] == drawn[None], _NEVER, others)
        total = ops.logsumexp(ops.concatenate([own[:, None], others], axis=1), axis=1)
        return ops.reshape(total - own, ops.shape(words))

    def over_all(self, hidden, words):
        """The losses over all words, for `hidden` `(places, inputs)` and `words` `(places,)`."""
        kernel = ops.transpose(ops.convert_to_tensor(self.table))
        bias = ops.reshape(self.bias, self.bias.shape)
        return word_losses(hidden, kernel, bias, words, "float32")

    def compute_output_shape(self, hidden_shape, words_shape, drawn_shape):
        return words_shape

    def get_config(self):
        return {**super().get_config(), "num_words": self.num_words}


def log_expected(words, num_words: int, count):
    """The logarithm of how often words are expected among `count` of `log_uniform`, float32."""
    places = ops.cast(words, "float32")
    share = ops.log1p(1.0 / (places + 1.0)) / math.log(num_words + 1)
    return ops.log(share * count)
