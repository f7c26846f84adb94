"""The hidden units of a model, and where each has its weights."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from lrkeras.model_graph.layers_of import has_graph
from lrkeras.model_graph.units.space import Axis
from lrkeras.model_graph.units.unit_walk import UnitWalk


@dataclasses.dataclass(frozen=True)
class Segment:
    """A stretch of places along an axis.

    Attributes:
        group: Index of the group of units that lie there, or `None` if they have to stay.
        first: The first place.
        width: How many places.
    """

    group: int | None
    first: int
    width: int


@dataclasses.dataclass(frozen=True)
class UnitWeight:
    """A weight in which units lie.

    Attributes:
        weight: The variable.
        axes: What lies along each axis.
        reads: The axes along which it is multiplied with units.
        is_statistic: Whether it is measured (a mean or variance) rather than trained.
    """

    weight: Any
    axes: tuple[tuple[Segment, ...], ...]
    reads: frozenset[int]
    is_statistic: bool

    def groups(self, axis: int) -> list[int]:
        """The groups whose units lie along an axis, in ascending order."""
        return sorted({s.group for s in self.axes[axis] if s.group is not None})

    def places(self, axis: int, group: int) -> np.ndarray:
        """Where the units of a group lie along an axis, `(units, times)`."""
        firsts = [s.first for s in self.axes[axis] if s.group == group]
        width = next((s.width for s in self.axes[axis] if s.group == group), 0)
        return np.arange(width)[:, None] + np.array(firsts, int)[None]

    def size(self, sizes: Sequence[int]) -> int:
        """How many numbers it has with so many units in each group."""
        return math.prod(
            sum(s.width if s.group is None else sizes[s.group] for s in axis) for axis in self.axes
        )


@dataclasses.dataclass(frozen=True)
class HiddenUnits:
    """The groups of hidden units of a model.

    A unit is what has one place along the last axis of a layer's output: of its matrices the
    columns that make it (one in each gate), its rows in every matrix that reads it (in its own
    recurrent matrix too) and its biases. Layers whose units have to go together (both sides of an
    addition, a table and what is multiplied with its transpose, a state and where it starts) make
    one group: unit `k` of the group is unit `k` of each.

    Attributes:
        names: For each group the units in it: paths of layers, with `.projection` behind those of
            a projection.
        sizes: How many units each group has.
        weights: The weights in which they lie.
        pinned: The reason by name of units that have to stay.
        total: Numbers that the model stores.
        resized: For the identity of a layer with sizes in its config, the layer and what lies
            along each by the name of the argument.
    """

    names: tuple[tuple[str, ...], ...]
    sizes: tuple[int, ...]
    weights: tuple[UnitWeight, ...]
    pinned: dict[str, str]
    total: int
    resized: dict[int, tuple[Any, dict[str, tuple[Segment, ...]]]]

    def params(self, sizes: Sequence[int]) -> int:
        """Numbers that the model stores with so many units in each group."""
        return self.total + sum(w.size(sizes) - w.size(self.sizes) for w in self.weights)

    def moved(self, weights: dict[int, Any]) -> HiddenUnits:
        """The same of another model's variables, given by the identity of this one's."""
        moved = tuple(dataclasses.replace(w, weight=weights[id(w.weight)]) for w in self.weights)
        return dataclasses.replace(self, weights=moved, resized={})

    def without(self, groups: dict[int, str]) -> HiddenUnits:
        """The same with some groups pinned, for the reasons given."""
        kept = [g for g in range(len(self.sizes)) if g not in groups]
        index: dict[int | None, int | None] = {g: i for i, g in enumerate(kept)}

        def renamed(axis: tuple[Segment, ...]) -> tuple[Segment, ...]:
            return tuple(dataclasses.replace(s, group=index.get(s.group)) for s in axis)

        pinned = {n: reason for g, reason in groups.items() for n in self.names[g]}
        return HiddenUnits(
            tuple(self.names[g] for g in kept),
            tuple(self.sizes[g] for g in kept),
            tuple(
                dataclasses.replace(w, axes=tuple(renamed(a) for a in w.axes)) for w in self.weights
            ),
            {**self.pinned, **pinned},
            self.total,
            {
                key: (layer, {name: renamed(axis) for name, axis in axes.items()})
                for key, (layer, axes) in self.resized.items()
            },
        )


def find_units(model: keras.Model) -> HiddenUnits:
    """Finds the hidden units of a model that may go.

    Those of LSTM, GRU, SimpleRNN and RHN layers and of cells in an RNN, in Bidirectional too, with
    their projections; of Dense and Conv1D layers, and the width of tables of words.

    Args:
        model: A built Sequential or Functional model.

    Raises:
        ValueError: If it is not one.
    """
    if not isinstance(model, keras.Model) or not model.built or not has_graph(model):
        name = getattr(model, "name", type(model).__name__)
        raise ValueError(
            "Expected a built Sequential or Functional model, whose units can be followed from "
            f"layer to layer, received `{name}` ({type(model).__name__}). Build it on data, or "
            "make it of keras.Input(...) and layers."
        )
    walk = UnitWalk(model)
    roots = list(dict.fromkeys(space.root for space in walk.spaces))
    free = [root for root in roots if root.reason is None and root.width > 1]
    pinned = {
        name: root.reason or "it has a single unit"
        for root in roots
        if root not in free
        for name in root.names
    }
    index = {id(root): i for i, root in enumerate(free)}
    weights = [
        UnitWeight(
            held.weight,
            tuple(_segments(axis, index) for axis in held.axes),
            frozenset(held.reads),
            held.is_statistic,
        )
        for held in walk.held.values()
    ]
    return HiddenUnits(
        tuple(tuple(root.names) for root in free),
        tuple(root.width for root in free),
        tuple(w for w in weights if any(s.group is not None for a in w.axes for s in a)),
        {**pinned, **walk.pinned},
        sum(math.prod(weight.shape) for weight in model.weights),
        {
            key: (layer, {name: _segments(axis, index) for name, axis in axes.items()})
            for key, (layer, axes) in walk.sizes.items()
        },
    )


def _segments(axis: Axis, index: dict[int, int]) -> tuple[Segment, ...]:
    found, first = [], 0
    for space in axis:
        found.append(Segment(index.get(id(space.root)), first, space.width))
        first += space.width
    return tuple(found)
