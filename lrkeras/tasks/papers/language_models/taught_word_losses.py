"""The output layer of a language model that learns from another one."""

from __future__ import annotations

from keras import ops

from lrkeras.tasks.papers.language_models.word_losses import WordLosses


class TaughtWordLosses(WordLosses):
    """`WordLosses` that are partly the distance to what another model expects, while training.

    `(1 - w) CE(words) + w KL(teacher || model)`, both over the whole vocabulary (Hinton et al.
    2015, arXiv 1503.02531, at temperature 1). When not training, the losses of the words alone.

    Args:
        num_words: the size of the vocabulary.
        teacher_weight: the share `w` of the distance.
        **kwargs: as `WordLosses` takes them.

    Call it with hidden states `(batch, steps, inputs)`, word ids `(batch, steps)` and the teacher's
    logits `(batch, steps, num_words)`; it returns float32 losses in nats, `(batch, steps)`.
    """

    def __init__(self, num_words: int, teacher_weight: float, **kwargs) -> None:
        super().__init__(num_words, **kwargs)
        self.teacher_weight = teacher_weight

    def build(self, hidden_shape, words_shape, teacher_shape=None) -> None:
        super().build(hidden_shape, words_shape)

    def call(self, hidden, words, teacher=None, training=False):
        if not training:
            return super().call(hidden, words)
        kernel, bias = self._output()
        low = ops.matmul(ops.cast(hidden, self.product_dtype), ops.cast(kernel, self.product_dtype))
        found = ops.log_softmax(ops.cast(low, "float32") + bias)
        expected = ops.log_softmax(ops.cast(teacher, "float32"))
        distance = ops.sum(ops.exp(expected) * (expected - found), axis=-1)
        own = -ops.squeeze(ops.take_along_axis(found, words[..., None], axis=-1), -1)
        return (1 - self.teacher_weight) * own + self.teacher_weight * distance

    def compute_output_shape(self, hidden_shape, words_shape, teacher_shape=None):
        return words_shape
