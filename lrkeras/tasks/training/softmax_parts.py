"""What losses over a large vocabulary with a gradient of their own are made of."""

from __future__ import annotations

from keras import ops


def exponentials(logits):
    """The logits less the largest of each row, the sums of their exponentials, and these."""
    logits = logits - ops.max(logits, axis=-1, keepdims=True)
    shares = ops.exp(logits)
    return logits, ops.sum(shares, axis=-1, keepdims=True), shares


def at_words(rows, words):
    """The column of its word of each row, `(rows, 1)`."""
    return ops.take_along_axis(rows, words[:, None], axis=-1)


def subtract_at_words(rows, words, amounts):
    """Rows of which an amount, `(rows, 1)`, is subtracted in the column of the word of each."""
    places = ops.stack([ops.arange(ops.shape(words)[0], dtype=words.dtype), words], axis=-1)
    return ops.scatter_update(rows, places, ops.squeeze(at_words(rows, words) - amounts, -1))
