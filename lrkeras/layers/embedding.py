"""Embedding with a structured table, tied to an output layer."""

import keras
from keras import ops

from lrkeras.layers.structured_layer import StructuredLayer


@keras.saving.register_keras_serializable(package="lrkeras")
class Embedding(StructuredLayer, keras.layers.ReversibleEmbedding):
    """Embedding whose table may be a structure and whose transpose gives logits.

    `layer(ids)` looks rows up, `layer(h, reverse=True)` multiplies by the transposed table, both
    factor by factor. Takes every argument of `keras.layers.ReversibleEmbedding`, in its order,
    then:

    Args:
        embeddings_structure: Structure (object, name or config) of the table of shape
            `(input_dim, output_dim)`, or `None` for a dense one. With `LowRank(rank=r)` it is the
            factorised embedding of ALBERT (Lan et al. 2020, arXiv 1909.11942).
    """

    matrix_name = "embeddings"

    def __init__(self, input_dim, output_dim, *args, embeddings_structure=None, **kwargs):
        super().__init__(input_dim, output_dim, *args, **kwargs)
        self._set_spec(embeddings_structure)

    def build(self, input_shape=None):
        if not self.is_structured:
            super().build(input_shape)
            return
        shape = (self.input_dim, self.output_dim)
        self._build_structure(shape, 0, self.embeddings_initializer)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                shape=shape[::-1],
                name="reverse_embeddings",
                initializer=self.embeddings_initializer,
            )

    @property
    def embeddings(self):
        """The whole table, `(input_dim, output_dim)`."""
        return self.embeddings_structure.to_dense() if self.is_structured else super().embeddings

    def call(self, inputs, reverse=False):
        self._looks_up = not reverse
        if not self.is_structured or (reverse and not self.tie_weights):
            return super().call(inputs, reverse=reverse)
        if reverse:
            inputs = ops.cast(inputs, self.reverse_dtype or self.compute_dtype)
            logits = self.embeddings_structure.matmul_transpose(inputs)
            cap = self.logit_soft_cap
            return logits if cap is None else ops.tanh(logits / cap) * cap
        rows = self.embeddings_structure.rows(ops.cast(inputs, "int32"))
        return ops.cast(rows, self.compute_dtype)

    def compute_output_spec(self, inputs, reverse=False):
        self._looks_up = not reverse
        return super().compute_output_spec(inputs, reverse=reverse)

    def compute_mask(self, inputs, mask=None):
        """The mask of ids that are not zero; logits have none, as in `ReversibleEmbedding`.

        Keras's own layer masks inside of `call`, which the graph of a functional model does not
        see. Keras asks for the mask right after the call that it belongs to.
        """
        if not self.mask_zero or not getattr(self, "_looks_up", True):
            return None
        return ops.not_equal(inputs, 0)
