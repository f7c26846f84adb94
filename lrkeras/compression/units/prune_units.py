"""Fewer hidden units in one shot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from lrkeras.compression.fitting.calibration import model_batches
from lrkeras.compression.units.importance import output_changes
from lrkeras.compression.units.unit_report import LayerParams, UnitReport, report_of
from lrkeras.model_graph.layers_of import single_layers
from lrkeras.model_graph.units.fewer_units import with_fewer_units
from lrkeras.model_graph.units.hidden_units import HiddenUnits, find_units
from lrkeras.model_graph.units.unit_choice import (
    check_compression,
    chosen_groups,
    counts_of,
    kept_to_counts,
    kept_to_params,
)
from lrkeras.model_graph.units.unit_norms import unit_norms
from lrkeras.saving import check_finite

_TRIALS = 5


def prune_units(
    model: keras.Model,
    compression: float | None = None,
    units: Mapping[str, int] | None = None,
    calibration: Any = None,
    *,
    include: Sequence[str] | str | None = None,
    exclude: Sequence[str] | str | None = None,
    through_normalization: bool = False,
) -> tuple[keras.Model, UnitReport]:
    """Makes a copy of a model with fewer hidden units: plain layers that are smaller.

    Units of LSTM, GRU, SimpleRNN and RHN layers and cells (in `Bidirectional`, each direction its
    own), of their projections, of Dense and Conv1D layers, and the width of word tables. A unit
    goes with all that makes and reads it, wherever in the model; units that go together (both sides
    of an addition, a table and what is multiplied with its transpose) are one. What the outputs or
    a layer that mixes units depend on stays, and the report gives the reason. The copy computes
    what the model does with all weights set to zero that read the units gone; it is compiled like
    the model, so that `fit` tunes it at once.

    Args:
        model: A built Sequential or Functional model, not changed.
        compression: How many times fewer parameters the whole model has at least. The units go
            that are of least importance for each parameter that goes with them.
        units: Instead: how many units stay, by name of a layer, such as `{"lstm": 128}`; see
            `include` for names.
        calibration: Inputs as `model.predict` takes them, or batches. A unit's importance then is
            how far the outputs move without it on these inputs, see
            `compression.units.importance.output_changes`; else the squares of its weights.
        include: Name or names of layers that may lose units: the path, the name, the wrapper
            around it, or a shell pattern; `"lstm.projection"` is the projection of `lstm`.
        exclude: Those that may not.
        through_normalization: Whether units may go that a LayerNormalization or RMSNormalization
            reads. It then takes its statistics over the units that stay, so the copy is not what
            the model would be with zeros in place of the others; training mends it.

    Returns:
        `(small, report)`.

    Raises:
        ValueError: If not exactly one of `compression` and `units` is given, the model cannot be
            followed or has weights that are not finite, a number of units is out of range, a name
            means no layer or one that has to stay, `calibration` does not fit the model, or nothing
            can go.

    Example:
    >>> small, report = prune_units(model, compression=2, calibration=x[:200])
    >>> small, report = prune_units(model, units={"lstm_1": 128, "lstm_2": 96})
    """
    if (compression is None) == (units is None):
        raise ValueError(
            "Expected exactly one of `compression` and `units`, received "
            f"compression={compression!r} and units={units!r}."
        )
    limit = None if compression is None else check_compression(compression)
    every = find_units(model, through_normalization)
    found = chosen_groups(every, include, exclude)
    check_finite(model)
    if not found.sizes:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in found.pinned.items())
        others = chosen_groups(find_units(model, through_normalization=True), include, exclude)
        advice = " Pass through_normalization=True." if others.sizes else ""
        raise ValueError(
            f"No unit of `{model.name}` can go. {reasons or 'It has no layers'}.{advice}"
        )
    counts = None if units is None else counts_of(found, units)
    importance, criterion = _importance(model, every, found, calibration, through_normalization)
    if limit is not None:
        kept = kept_to_params(found, importance, found.total / limit)
    else:
        kept = kept_to_counts(importance, counts or {})
    if all(len(k) == size for k, size in zip(kept, found.sizes, strict=True)):
        raise ValueError(f"No unit of `{model.name}` would go: it has {dict(units or {})} already.")
    return _pruned(model, found, kept, importance, criterion)


def prune_to_size(
    model: keras.Model, size_of: Callable[[keras.Model], float], limit: float, calibration: Any
) -> tuple[keras.Model, UnitReport] | None:
    """As `prune_units`, to a size that is measured in some way.

    Args:
        model: A built model, not changed.
        size_of: Gives the size of a model.
        limit: What it may be at most.
        calibration: As for `prune_units`, or `None`.

    Returns:
        `(small, report)`, or `None` where the model cannot be followed or not be so small.
    """
    try:
        every = find_units(model)
    except ValueError:
        return None
    found = chosen_groups(every)
    if not found.sizes:
        return None
    importance, criterion = _importance(model, every, found, calibration)
    params = found.total * limit / size_of(model)
    for _ in range(_TRIALS):
        try:
            kept = kept_to_params(found, importance, params)
        except ValueError:
            return None
        small, report = _pruned(model, found, kept, importance, criterion)
        size = size_of(small)
        if size <= limit:
            return small, report
        params *= 0.999 * limit / size  # biases take more bytes than the share of them
    return None


def _importance(
    model: keras.Model,
    every: HiddenUnits,
    found: HiddenUnits,
    calibration: Any,
    through_normalization: bool = False,
) -> tuple[list[np.ndarray], str]:
    """The importance of each unit in `found`, and what it is in words."""
    if calibration is None:
        return unit_norms(found), "the squares of their weights, in and out"
    examples = checked_batches(model, calibration)
    moved = output_changes(model, examples, through_normalization=through_normalization)
    changes = dict(zip(every.names, moved, strict=True))
    criterion = "how far the outputs move without them, to first order"
    return [changes[names] for names in found.names], criterion


def _pruned(
    model: keras.Model,
    found: HiddenUnits,
    kept: list[np.ndarray],
    importance: list[np.ndarray],
    criterion: str,
) -> tuple[keras.Model, UnitReport]:
    small = with_fewer_units(model, found, kept)
    rows = _layer_rows(model, found, [len(k) for k in kept])
    return small, report_of(model, small, found, kept, importance, rows, criterion)


def checked_batches(model: keras.Model, calibration: Any) -> list[list[np.ndarray]]:
    """Batches of inputs in the order of the model's inputs.

    Raises:
        ValueError: If there is none, or one does not have the shapes or finite numbers.
    """
    found = []
    for batch in model_batches(model, calibration):
        if isinstance(batch, Mapping):
            arrays = [np.asarray(batch[tensor.name]) for tensor in model.inputs]
        else:
            arrays = [np.asarray(a) for a in keras.tree.flatten(batch)]
        _check_batch(model, arrays)
        found.append(arrays)
    if not found or not len(found[0][0]):
        raise ValueError("`calibration` holds no inputs. Expected at least one.")
    return found


def _check_batch(model: keras.Model, arrays: list[np.ndarray]) -> None:
    wanted = [tuple(t.shape) for t in model.inputs]
    shapes = [a.shape for a in arrays]
    fits = len(wanted) == len(shapes) and all(
        len(w) == len(s) and all(a in (None, b) for a, b in zip(w[1:], s[1:], strict=True))
        for w, s in zip(wanted, shapes, strict=True)
    )
    if not fits:
        raise ValueError(
            f"`calibration` does not fit `{model.name}`: expected inputs of shape "
            f"{', '.join(map(str, wanted))}, received {', '.join(map(str, shapes))}."
        )
    if any(a.dtype.kind == "f" and not np.isfinite(a).all() for a in arrays):
        raise ValueError("`calibration` has inputs that are NaN or infinite.")


def _layer_rows(model: keras.Model, units: HiddenUnits, sizes: list[int]) -> list[LayerParams]:
    held = {id(w.weight): w for w in units.weights}
    rows = []
    for path, layer, _ in single_layers(model):
        before = sum(math.prod(w.shape) for w in layer.weights)
        after = sum(
            held[id(w)].size(sizes) if id(w) in held else math.prod(w.shape) for w in layer.weights
        )
        if after != before:
            rows.append(LayerParams(path, before, after))
    return rows
