"""Taking out units that are zero."""

from __future__ import annotations

import keras
import numpy as np

from lrkeras.model_graph.units.fewer_units import with_fewer_units
from lrkeras.model_graph.units.hidden_units import find_units
from lrkeras.model_graph.units.shrunk_models import mark_shrunk
from lrkeras.model_graph.units.unit_choice import as_many_each
from lrkeras.model_graph.units.unit_norms import dead_units


def shrink(model: keras.Model) -> keras.Model:
    """Makes a copy of a model without the units that are zero, with the same outputs.

    After a training with `callbacks.UnitPruning`, whose pruned units have nothing but zeros in
    every row and column and bias: the copy is the plain smaller model, equal to float precision.

    Args:
        model: A built Sequential or Functional model, not changed.

    Returns:
        A model of the same classes of layers, compiled like the model.

    Raises:
        ValueError: If the model cannot be followed, or no unit is zero.
    """
    units = find_units(model)
    kept = as_many_each(units, [np.flatnonzero(~dead) for dead in dead_units(units)])
    if all(len(k) == size for k, size in zip(kept, units.sizes, strict=True)):
        raise ValueError(
            f"No unit of `{model.name}` is zero, so nothing can be taken out. Train it with "
            "callbacks.UnitPruning first, or remove units in one shot with lrkeras.prune_units."
        )
    small = with_fewer_units(model, units, kept)
    mark_shrunk(small)
    return small
