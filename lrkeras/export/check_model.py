"""What a model must be to be converted at all."""

from typing import Any

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.model_graph.layers_of import has_graph
from lrkeras.structures import Sparse, find_structures


def check_convertible(model: Any) -> None:
    """Checks everything that does not depend on single layers.

    Raises:
        ConversionError: If the model is of another kind, is not built, has broken weights, or has
            a sparse part that is still dense.
    """
    if keras.backend.backend() != "tensorflow":
        raise ConversionError(
            "Expected Keras on the TensorFlow backend, which conversion traces the model with, "
            f"received the backend {keras.backend.backend()!r}. Save the model as .keras, set "
            "KERAS_BACKEND=tensorflow, load it and convert it there."
        )
    if not isinstance(model, keras.Model):
        raise ConversionError(f"Expected a keras.Model, received {type(model).__name__}.")
    if not model.built or not has_graph(model):
        raise ConversionError(
            f"Expected a built Sequential or Functional model, received `{model.name}` "
            f"({type(model).__name__}) without known inputs. Start it with keras.Input(...); a "
            "subclassed model must be rewritten as a Functional one."
        )
    for weight in model.weights:
        value = keras.ops.convert_to_numpy(weight)
        if "float" in str(weight.dtype) and not np.isfinite(value.astype(np.float32)).all():
            count = int(np.sum(~np.isfinite(value.astype(np.float32))))
            raise ConversionError(
                f"Expected finite weights, received {count} NaN or infinite values in "
                f"`{weight.path}`. Train again, or restore an earlier checkpoint."
            )
    waiting = [part for part in find_structures(model, Sparse) if not part.is_at_target]
    if waiting:
        part = waiting[0]
        raise ConversionError(
            f"Expected sparse parts at their target density, received `{part.path}` with more "
            f"weights than the target of {part.density:.2%} ({len(waiting)} such parts). Train it "
            "to the end of its SparsityAnnealing, or call lrkeras.sparsify(model) first."
        )
