"""Training a compressed model to do as the large one does."""

from typing import Any

import keras
from keras import ops


def distill(
    teacher: keras.Model,
    student: keras.Model,
    *,
    temperature: float = 2.0,
    teacher_weight: float = 0.5,
    from_logits: bool | None = None,
    optimizer: Any = "adam",
    loss: Any = None,
    metrics: Any = None,
) -> keras.distillation.Distiller:
    """Wraps a student so that `fit` trains it on the targets and on the teacher's outputs.

    The loss is `(1 - teacher_weight)` of the student's own plus `teacher_weight` of the distance to
    the teacher's softened outputs (`keras.distillation.LogitsDistillation`). Hinton et al. 2015
    (arXiv 1503.02531).

    Args:
        teacher: A trained model; it is not trained on.
        student: What `compress` made of it, or any model with the same inputs and outputs; it is
            trained in place.
        temperature: Divides the logits on both sides; above 1 it shows more of what the teacher
            finds unlikely.
        teacher_weight: Share of the teacher in the loss, in (0, 1].
        from_logits: Whether the outputs are logits; `None`: unless the last layer is a softmax.
        optimizer: Of the training, as in `compile`.
        loss: The student's own; `None` takes that of `student` or of `teacher`, if compiled.
        metrics: As in `compile`.

    Returns:
        A compiled model: call `fit(x, y)`, then go on with `student`.

    Raises:
        ValueError: If the weight is out of range or there is no loss.

    Example:
    >>> distill(model, small).fit(x, y, epochs=3)
    """
    if not 0 < teacher_weight <= 1:
        raise ValueError(
            f"`teacher_weight` must be in (0, 1]. Received: teacher_weight={teacher_weight}"
        )
    if loss is None:
        loss = next((m.loss for m in (student, teacher) if m.compiled), None)
    if loss is None:
        raise ValueError(
            "Expected a `loss`, or a compiled student or teacher to take it from; received neither."
        )
    if from_logits is None:
        from_logits = not _ends_in_softmax(teacher)
    kind = keras.distillation.LogitsDistillation if from_logits else SoftmaxDistillation
    distiller = keras.distillation.Distiller(
        teacher=teacher,
        student=student,
        # The object: of its name Keras makes a function, and then takes the logits as they are.
        distillation_losses=kind(temperature=temperature, loss=keras.losses.KLDivergence()),
        student_loss_weight=1 - teacher_weight,
    )
    distiller.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    return distiller


@keras.saving.register_keras_serializable(package="lrkeras")
class SoftmaxDistillation(keras.distillation.LogitsDistillation):
    """`LogitsDistillation` for models whose outputs are probabilities.

    Their logarithms are logits of the same softmax.
    """

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """Compares the logarithms as logits."""
        teacher, student = (
            keras.tree.map_structure(_log, outputs)
            for outputs in (teacher_outputs, student_outputs)
        )
        return super().compute_loss(teacher, student, **kwargs)


def _log(probabilities: Any) -> Any:
    return ops.log(ops.maximum(probabilities, keras.config.epsilon()))


def _ends_in_softmax(model: keras.Model) -> bool:
    last = model.layers[-1]
    softmax = getattr(last, "activation", None) is keras.activations.softmax
    return softmax or isinstance(last, keras.layers.Softmax)
