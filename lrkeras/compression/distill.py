"""Training a compressed model to do as the large one does."""

from collections.abc import Sequence
from typing import Any

import keras

from lrkeras.compression.output_distillation import OutputDistillation
from lrkeras.compression.output_kind import KINDS, kind_of_output
from lrkeras.compression.softmax_distillation import SoftmaxDistillation
from lrkeras.model_graph.layers_of import has_graph

__all__ = ["SoftmaxDistillation", "distill"]


def distill(
    teacher: keras.Model,
    student: keras.Model,
    *,
    temperature: float = 2.0,
    teacher_weight: float = 0.5,
    from_logits: bool | None = None,
    outputs: str | Sequence[str] | None = None,
    optimizer: Any = "adam",
    loss: Any = None,
    metrics: Any = None,
) -> keras.distillation.Distiller:
    """Wraps a student so that `fit` trains it on the targets and on the teacher's outputs.

    The loss is `(1 - teacher_weight)` of the student's own plus `teacher_weight` of the distance to
    the teacher's outputs: of classes, the divergence of the softened probabilities (Hinton et al.
    2015, arXiv 1503.02531); of probabilities by themselves, such as several labels, the same of
    each; of plain numbers, the student's own loss with the teacher's outputs as targets. What the
    outputs are is found out from the last operation of the models and, where that has no
    activation, from the loss.

    Args:
        teacher: A trained model; it is not trained on.
        student: What `compress` made of it, or any model with the same inputs and outputs; it is
            trained in place.
        temperature: Divides the logits on both sides; above 1 it shows more of what the teacher
            finds unlikely.
        teacher_weight: Share of the teacher in the loss, in (0, 1].
        from_logits: Whether outputs that are classes are logits (`outputs="logits"`) or
            probabilities (`outputs="softmax"`); `None` finds out.
        outputs: What the outputs of both models are, or each of several: `"softmax"`, `"logits"`
            (of a softmax), `"sigmoid"`, `"binary_logits"` (of a sigmoid) or `"values"`; `None`
            finds out.
        optimizer: Of the training, as in `compile`.
        loss: The student's own; `None` takes that of `student` or of `teacher`, if compiled.
        metrics: As in `compile`.

    Returns:
        A compiled model: call `fit(x, y)`, then go on with `student`.

    Raises:
        ValueError: If the weight is out of range, there is no loss, or it cannot be known what
            the outputs are.

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
    if from_logits is not None:
        if outputs is not None:
            raise ValueError("`distill` takes `from_logits` or `outputs`, not both.")
        outputs = "logits" if from_logits else "softmax"
    losses = _losses(teacher, loss)
    kinds = _kinds(student, losses, outputs)
    distance = OutputDistillation(
        teacher_kinds=_kinds(teacher, losses, outputs),
        student_kinds=kinds,
        temperature=temperature,
        losses=[f if k == "values" else None for f, k in zip(losses, kinds, strict=True)],
    )
    several = len(losses) > 1
    distiller = (_SeveralOutputs if several else keras.distillation.Distiller)(
        teacher=teacher,
        student=student,
        distillation_losses=distance,
        student_loss_weight=1 - teacher_weight,
    )
    loss = tuple(losses) if several else loss
    distiller.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    return distiller


class _SeveralOutputs(keras.distillation.Distiller):
    """Puts targets and predictions in the order of the outputs; the losses are a tuple.

    Keras maps its own over all three, of which it keeps lists and dicts as types of its own, that
    no targets have.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y_pred = self(x, training=training) if y_pred is None else y_pred
        if isinstance(y, dict):
            y = [y[name] for name in self.student.output_names]
        y = None if y is None else tuple(keras.tree.flatten(y))
        y_pred = tuple(keras.tree.flatten(y_pred))
        return super().compute_loss(x, y, y_pred, sample_weight, training)


def check_outputs(model: keras.Model, outputs: str | Sequence[str] | None) -> None:
    """Checks that it is known what a compiled model would teach.

    Args:
        model: The teacher.
        outputs: As for `distill`.

    Raises:
        ValueError: If it cannot be known what its outputs are, or `outputs` does not fit them.
    """
    _kinds(model, _losses(model, model.loss), outputs)


def _losses(model: keras.Model, loss: Any) -> list[Any]:
    """The loss of each output, in order."""
    count = len(model.outputs) if has_graph(model) else len(keras.tree.flatten(loss))
    if isinstance(loss, dict) and has_graph(model) and set(loss) == set(model.output_names):
        found = [loss[name] for name in model.output_names]
    else:
        found = keras.tree.flatten(loss)
    if len(found) == 1:
        found = found * count
    if len(found) != count:
        raise ValueError(f"Expected a loss, or one for each of {count} outputs; received {loss!r}.")
    return found


def _kinds(
    model: keras.Model, losses: Sequence[Any], outputs: str | Sequence[str] | None
) -> list[str]:
    """What each output means: as given, or as the model and its losses tell."""
    if outputs is not None:
        given = [outputs] * len(losses) if isinstance(outputs, str) else list(outputs)
        if len(given) != len(losses) or not all(kind in KINDS for kind in given):
            raise ValueError(
                f"Expected `outputs` to be one of {KINDS}, or one of them for each of "
                f"{len(losses)} outputs; received {outputs!r}."
            )
        return given
    own = _losses(model, model.loss) if model.compiled else losses
    return [_kind(model, number, pair) for number, pair in enumerate(zip(losses, own, strict=True))]


def _kind(model: keras.Model, number: int, losses: Sequence[Any]) -> str:
    for loss in losses:
        kind = kind_of_output(model, number, loss)
        if kind is not None:
            return kind
    raise ValueError(
        f"It cannot be known what output {number} of `{model.name}` means: it ends in no softmax "
        f"or sigmoid that can be seen, and the loss {losses[0]!r} does not tell or wants another "
        "kind of output. Give a `loss` of Keras that fits it, with from_logits=True for logits, or "
        'say it, as in `outputs="logits"` or `outputs="values"`.'
    )
