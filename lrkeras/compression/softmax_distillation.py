"""What models that were saved while they were distilled may hold."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="lrkeras")
class SoftmaxDistillation(keras.distillation.LogitsDistillation):
    """`LogitsDistillation` for models whose outputs are probabilities.

    Their logarithms are logits of the same softmax. `distill` uses `OutputDistillation`.
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
