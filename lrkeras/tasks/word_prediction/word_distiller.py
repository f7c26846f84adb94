"""Distillation of a word model in few passes over the vocabulary."""

from __future__ import annotations

import keras
from keras import ops

from lrkeras.tasks.training.softmax_parts import at_words, exponentials, subtract_at_words


class WordDistiller(keras.distillation.Distiller):
    """What `lrkeras.distill` makes at a temperature of 1, for logits of one target word each.

    With a vocabulary of 10,000 the losses are a third of a training step: cross-entropy,
    divergence and perplexity here share one table of exponentials, and the gradient is written
    out. The perplexity is `exp` of the metric `student_loss`, whose mean is over tokens.

    Args:
        teacher: a trained model, from tokens to logits.
        student: a model of the same inputs and outputs, trained in place.
        optimizer: of the training.
        teacher_weight: share of the divergence from the teacher in the loss.
    """

    def __init__(
        self,
        teacher: keras.Model,
        student: keras.Model,
        *,
        optimizer: keras.optimizers.Optimizer,
        teacher_weight: float,
    ) -> None:
        # Keras asks for losses here and in `compile`; `compute_loss` takes their place.
        super().__init__(
            teacher=teacher,
            student=student,
            distillation_losses=keras.distillation.LogitsDistillation(temperature=1.0),
            student_loss_weight=1 - teacher_weight,
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.compile(optimizer=optimizer, loss=loss)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if y_pred is None:
            y_pred = self(x, training=training)
        teacher = ops.stop_gradient(self.teacher(x, training=False))
        losses = distillation_losses(teacher, y_pred, y)
        own, distance = ops.unstack(ops.mean(losses, axis=0))
        weight = self.student_loss_weight
        total = weight * own + (1 - weight) * distance
        count = ops.shape(losses)[0]
        for tracker, value in (
            (self.student_loss_tracker, own),
            (self.distillation_loss_tracker, distance),
            (self.total_loss_tracker, total),
        ):
            tracker.update_state(value, sample_weight=count)
        return total


def distillation_losses(teacher, student, words):
    """Cross-entropy with the words and divergence from the teacher, of each token in nats.

    Args:
        teacher: logits, `(..., classes)`; no gradient flows to them.
        student: logits of the same shape.
        words: ids of the words to be predicted, `(...)`.

    Returns:
        Float32 of shape `(tokens, 2)`: `-log q[word]` and `sum_k p_k log(p_k / q_k)` with the
        softmaxes `p` of the teacher and `q` of the student.
    """
    classes = student.shape[-1]
    words = ops.reshape(ops.cast(words, "int32"), (-1,))
    teacher = ops.reshape(teacher, (-1, classes))

    @ops.custom_gradient
    def losses_of(student):
        a, total_a, shares_a = exponentials(ops.cast(student, "float32"))
        b, total_b, shares_b = exponentials(ops.cast(teacher, "float32"))
        cross = ops.sum(shares_b * (b - a), axis=-1, keepdims=True) / total_b
        log_a, log_b = ops.log(total_a), ops.log(total_b)
        losses = ops.concatenate([log_a - at_words(a, words), cross + log_a - log_b], axis=-1)

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            both = ops.sum(upstream, axis=-1, keepdims=True)
            own, distance = upstream[:, :1], upstream[:, 1:]
            z = shares_a * (both / total_a) - shares_b * (distance / total_b)
            return ops.cast(subtract_at_words(z, words, own), student.dtype)

        return losses, gradient

    return losses_of(ops.reshape(student, (-1, classes)))
