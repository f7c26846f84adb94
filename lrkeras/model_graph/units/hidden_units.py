"""The hidden units of a model, and where each has its weights."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from lrkeras.model_graph.layers_of import has_graph
from lrkeras.model_graph.units.space import Axis, Space
from lrkeras.model_graph.units.unit_walk import UnitWalk
from lrkeras.structures.stored_size import StoredSize


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
        families: All groups, those together that must have the same number of units: the two
            directions of a Bidirectional layer lose as many units, but each its own.
        weights: The weights in which they lie.
        pinned: The reason by name of units that have to stay.
        total: Numbers that the model stores.
        resized: For the identity of a layer with sizes in its config, the layer and what lies
            along each by the name of the argument.
    """

    names: tuple[tuple[str, ...], ...]
    sizes: tuple[int, ...]
    families: tuple[tuple[int, ...], ...]
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
        """The same with some groups, and those that must have as many units, pinned.

        Args:
            groups: The reasons by group.
        """
        stay = {
            g: next(groups[other] for other in family if other in groups)
            for family in self.families
            if any(other in groups for other in family)
            for g in family
        }
        kept = [g for g in range(len(self.sizes)) if g not in stay]
        index: dict[int | None, int | None] = {g: i for i, g in enumerate(kept)}

        def renamed(axis: tuple[Segment, ...]) -> tuple[Segment, ...]:
            return tuple(dataclasses.replace(s, group=index.get(s.group)) for s in axis)

        left = [[kept.index(g) for g in family if g in kept] for family in self.families]
        weights = [
            dataclasses.replace(w, axes=tuple(renamed(a) for a in w.axes)) for w in self.weights
        ]
        resized = {
            key: (layer, {name: renamed(axis) for name, axis in axes.items()})
            for key, (layer, axes) in self.resized.items()
        }
        return HiddenUnits(
            names=tuple(self.names[g] for g in kept),
            sizes=tuple(self.sizes[g] for g in kept),
            families=tuple(tuple(family) for family in left if family),
            weights=tuple(weights),
            pinned={**self.pinned, **{n: why for g, why in stay.items() for n in self.names[g]}},
            total=self.total,
            resized=resized,
        )


def find_units(model: keras.Model, through_normalization: bool = False) -> HiddenUnits:
    """Finds the hidden units of a model that may go.

    Those of LSTM, GRU, SimpleRNN and RHN layers and of cells in an RNN, in Bidirectional too, with
    their projections; of Dense and Conv1D layers, and the width of tables of words.

    Args:
        model: A built Sequential or Functional model.
        through_normalization: Whether units may go that a LayerNormalization or RMSNormalization
            reads, whose statistics change then.

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
    walk = UnitWalk(model, through_normalization)
    roots = list(dict.fromkeys(space.root for space in walk.spaces))
    families = _families(roots, walk)
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
    resized = {
        key: (layer, {name: _segments(axis, index) for name, axis in axes.items()})
        for key, (layer, axes) in walk.sizes.items()
    }
    return HiddenUnits(
        names=tuple(tuple(root.names) for root in free),
        sizes=tuple(root.width for root in free),
        families=tuple(
            tuple(index[id(root)] for root in family) for family in families if family[0] in free
        ),
        weights=tuple(w for w in weights if any(s.group is not None for a in w.axes for s in a)),
        pinned={**pinned, **walk.pinned},
        total=StoredSize.of(model).params,
        resized=resized,
    )


def _families(roots: list[Space], walk: UnitWalk) -> list[list[Space]]:
    """The spaces, those together that must have as many units; they stay together too."""
    families = {id(root): [root] for root in roots}
    for one, other in walk.alike:
        mine, theirs = families[id(one.root)], families[id(other.root)]
        if mine is not theirs:
            mine += theirs
            families.update({id(root): mine for root in theirs})
    found = list({id(family): family for family in families.values()}.values())
    for family in found:
        reason = next((root.reason for root in family if root.reason is not None), None)
        for root in family:
            if reason is not None:
                root.pin(f"it has as many units as another direction: {reason}")
    return found


def _segments(axis: Axis, index: dict[int, int]) -> tuple[Segment, ...]:
    found, first = [], 0
    for space in axis:
        found.append(Segment(index.get(id(space.root)), first, space.width))
        first += space.width
    return tuple(found)
