"""The layers of a frozen language model, weighted by a task."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="lrkeras.papers")
class LayerMix(keras.layers.Layer):
    """`gamma * sum_j softmax(s)_j h_j`: Peters et al. 2018 (arXiv 1802.05365), eq. 1.

    Call it with `(batch, words, layers, width)`; it returns `(batch, words, width)`.
    """

    def build(self, input_shape) -> None:
        self.scores = self.add_weight(shape=(input_shape[-2],), initializer="zeros", name="scores")
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, layers):
        weights = ops.reshape(self.scale * ops.softmax(self.scores), (-1, 1))
        return ops.sum(layers * weights, axis=-2)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], input_shape[-1])
