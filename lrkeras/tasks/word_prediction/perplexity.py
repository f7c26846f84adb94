"""Perplexity over every token."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="lrkeras")
class Perplexity(keras.metrics.Metric):
    """`exp` of the mean negative log-likelihood in nats over all tokens of an epoch.

    The mean is taken over tokens, not over batches, so a short last batch weighs what it should.
    Unknown words count like any other token: quote the out-of-vocabulary rate beside the number.

    Args:
        name: the name under which the metric is logged.
        dtype: the dtype of the metric's state.

    Example:
    >>> metric = Perplexity()
    >>> metric.update_state([[0, 1]], [[[0.0, 0.0], [0.0, 0.0]]])  # two classes, evenly likely
    >>> round(float(metric.result()), 6)
    2.0
    """

    def __init__(self, name: str = "perplexity", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(shape=(), initializer="zeros", name="total")
        self.count = self.add_variable(shape=(), initializer="zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Adds a batch.

        Args:
            y_true: integer targets of shape `(batch, steps)`.
            y_pred: logits of shape `(batch, steps, classes)`.
            sample_weight: 1 for tokens that count and 0 for padding, of the shape of `y_true`; None
                counts all.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        losses = keras.losses.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
        losses = ops.cast(losses, self.dtype)
        weights = (
            ops.ones_like(losses) if sample_weight is None else ops.cast(sample_weight, self.dtype)
        )
        weights = ops.broadcast_to(weights, ops.shape(losses))
        self.total.assign_add(ops.sum(losses * weights))
        self.count.assign_add(ops.sum(weights))

    def result(self):
        """Returns the perplexity of everything since the last reset; 1 when nothing was added."""
        return ops.exp(ops.divide_no_nan(self.total, self.count))
