"""The distance of a student's outputs from a teacher's, whatever they mean."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

_CATEGORICAL, _BINARY = ("softmax", "logits"), ("sigmoid", "binary_logits")


@keras.saving.register_keras_serializable(package="lrkeras")
class OutputDistillation(keras.distillation.DistillationLoss):
    """The teacher's part of the loss: one distance for each output, by what it means.

    * Classes: the Kullback-Leibler divergence of `softmax(teacher / T)` and `softmax(student / T)`
      of their logits, times `T^2`. Hinton et al. 2015 (arXiv 1503.02531). Logarithms of
      probabilities are logits of the same softmax.
    * A probability each: the same with the sigmoid, mean over them.
    * Plain numbers: the student's own loss, with the teacher's outputs as targets.

    Args:
        teacher_kinds: For each output of the teacher what it means; see `kind_of_output`.
        student_kinds: The same of the student.
        temperature: `T`, above 0.
        losses: For each output that is plain numbers a loss of Keras, or its name.

    Raises:
        ValueError: If the outputs of the two cannot be compared.
    """

    def __init__(
        self,
        teacher_kinds: Sequence[str],
        student_kinds: Sequence[str],
        temperature: float = 2.0,
        losses: Sequence[Any] | None = None,
    ):
        self.teacher_kinds, self.student_kinds = list(teacher_kinds), list(student_kinds)
        self.temperature = temperature
        self.losses = list(losses or [None] * len(self.teacher_kinds))
        if not temperature > 0:
            raise ValueError(f"`temperature` must be above 0. Received: temperature={temperature}")
        for theirs, ours in zip(self.teacher_kinds, self.student_kinds, strict=True):
            if _family(theirs) != _family(ours):
                raise ValueError(
                    "Expected outputs of teacher and student that mean the same; received "
                    f'"{theirs}" and "{ours}".'
                )

    def validate_outputs(self, teacher_outputs, student_outputs):
        """Checks that there are as many; in what containers does not matter."""
        super().validate_outputs(
            keras.tree.flatten(teacher_outputs), keras.tree.flatten(student_outputs)
        )

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """The sum over the outputs."""
        pairs = zip(
            keras.tree.flatten(teacher_outputs),
            keras.tree.flatten(student_outputs),
            self.teacher_kinds,
            self.student_kinds,
            self.losses,
            strict=True,
        )
        return sum(self._distance(*pair) for pair in pairs)

    def _distance(self, teacher, student, teacher_kind, student_kind, loss):
        if teacher_kind == "values":
            return ops.mean(keras.losses.get(loss or "mse")(teacher, student))
        t = _logits(teacher, teacher_kind) / self.temperature
        s = _logits(student, student_kind) / self.temperature
        if teacher_kind in _CATEGORICAL:
            p = ops.softmax(t)
            divergence = ops.sum(p * (ops.log_softmax(t) - ops.log_softmax(s)), axis=-1)
        else:
            p = ops.sigmoid(t)
            yes = p * (ops.log_sigmoid(t) - ops.log_sigmoid(s))
            divergence = yes + (1 - p) * (ops.log_sigmoid(-t) - ops.log_sigmoid(-s))
        return ops.mean(divergence) * self.temperature**2

    def get_config(self):
        """The arguments; a loss as `keras.losses.get` takes it."""
        named = (None, *[f for f in self.losses if isinstance(f, str)])
        losses = [f if f in named else keras.losses.serialize(f) for f in self.losses]
        return {
            "teacher_kinds": self.teacher_kinds,
            "student_kinds": self.student_kinds,
            "temperature": self.temperature,
            "losses": losses,
        }

    @classmethod
    def from_config(cls, config):
        """The distance with these arguments."""
        return cls(**config)


def _family(kind: str) -> str:
    return "classes" if kind in _CATEGORICAL else "binary" if kind in _BINARY else "values"


def _logits(outputs: Any, kind: str) -> Any:
    """What the probabilities come from, up to a constant for each softmax."""
    tiny = keras.config.epsilon()
    if kind == "softmax":
        return ops.log(ops.maximum(outputs, tiny))
    if kind == "sigmoid":
        p = ops.clip(outputs, tiny, 1 - tiny)
        return ops.log(p) - ops.log(1 - p)
    return outputs
