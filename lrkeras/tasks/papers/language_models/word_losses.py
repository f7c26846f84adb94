"""The output layer of a language model together with its loss."""

from __future__ import annotations

import keras
from keras import ops

from lrkeras.tasks.training.softmax_parts import at_words, exponentials, subtract_at_words


class WordLosses(keras.layers.Layer):
    """Negative log-likelihoods of words, without keeping logits, probabilities and gradients apart.

    With a vocabulary of 10,000 the output layer is most of a training step. Its products may run
    in a dtype of their own, the sums over the vocabulary stay in float32, and the passes over the
    table of logits are four less than those of a `Dense` layer and a cross-entropy.

    Args:
        num_words: the size of the vocabulary.
        table: a layer with `embeddings` of shape `(num_words, inputs)` that are the output table
            too, or None for a kernel and a bias of its own.
        product_dtype: dtype of the products.
        initializer: of kernel and bias.

    Call it with hidden states of shape `(batch, steps, inputs)` and word ids of shape
    `(batch, steps)`; it returns float32 losses in nats, `(batch, steps)`.
    """

    def __init__(
        self,
        num_words: int,
        *,
        table: keras.layers.Layer | None = None,
        product_dtype: str = "float32",
        initializer="glorot_uniform",
        **kwargs,
    ) -> None:
        super().__init__(dtype="float32", autocast=False, **kwargs)
        self.num_words = num_words
        self.table = table
        self.product_dtype = product_dtype
        self.initializer = initializer

    def build(self, hidden_shape, words_shape) -> None:
        if self.table is None:
            bias = "zeros" if self.initializer == "glorot_uniform" else self.initializer
            shape = (hidden_shape[-1], self.num_words)
            self.kernel = self.add_weight(shape=shape, initializer=self.initializer, name="kernel")
            self.bias = self.add_weight(shape=(self.num_words,), initializer=bias, name="bias")

    def call(self, hidden, words):
        rows = ops.reshape(hidden, (-1, hidden.shape[-1]))
        kernel, bias = self._output()
        losses = word_losses(rows, kernel, bias, ops.reshape(words, (-1,)), self.product_dtype)
        return ops.reshape(losses, ops.shape(words))

    def _output(self):
        """The output table, `(inputs, num_words)`, and the bias, as tensors."""
        if self.table is None:
            # Tensors: TensorFlow's custom gradients take no variables. Reshaping copies nothing.
            return [ops.reshape(w, w.shape) for w in (self.kernel, self.bias)]
        table = ops.transpose(ops.convert_to_tensor(self.table.embeddings))
        return [table, ops.zeros((self.num_words,))]

    def compute_output_shape(self, hidden_shape, words_shape):
        return words_shape


def word_losses(hidden, kernel, bias, words, dtype):
    """`-log softmax(hidden kernel + bias)[words]`, in float32, for rows of hidden states.

    Args:
        hidden: tensor of shape `(rows, inputs)`.
        kernel: `(inputs, num_words)`.
        bias: `(num_words,)`.
        words: int32, `(rows,)`.
        dtype: of the products.
    """
    if keras.backend.backend() == "jax":
        from lrkeras.tasks.papers.language_models.word_losses_in_jax import word_losses_in_jax

        return word_losses_in_jax(hidden, kernel, bias, words, dtype)

    @ops.custom_gradient
    def losses_of(hidden, kernel, bias):
        h, w = ops.cast(hidden, dtype), ops.cast(kernel, dtype)
        logits = ops.cast(ops.matmul(h, w), "float32") + bias
        logits, total, shares = exponentials(logits)
        own = at_words(logits, words)

        def gradient(*args, upstream=None):
            scale = ops.reshape(args[0] if upstream is None else upstream, (-1, 1))
            z = subtract_at_words(shares * (scale / total), words, scale)
            low = ops.cast(z, dtype)
            return (
                ops.cast(ops.matmul(low, ops.transpose(w)), hidden.dtype),
                ops.cast(ops.matmul(ops.transpose(h), low), kernel.dtype),
                ops.sum(z, axis=0),
            )

        return ops.squeeze(ops.log(total) - own, -1), gradient

    return losses_of(hidden, kernel, bias)
