"""Orders of hidden units in which block-sparse and hybrid matrices lose less."""

import dataclasses
import math

import keras
import numpy as np

from lrkeras.compression.matrices.owners import owner_of
from lrkeras.compression.matrices.selection import Selection
from lrkeras.compression.unit_order.unit_graph import UnitGraph, reorder_units
from lrkeras.model_graph.layers_of import has_graph
from lrkeras.structures import Structure

# A smaller gain is not worth a model whose units moved.
_LEAST_GAIN = 0.01
_NOMINAL_DENSITY = 0.05


@dataclasses.dataclass(frozen=True)
class _Rows:
    """Entries of matrices whose input are the units of one layer, `(units, columns)`."""

    squares: np.ndarray
    width: int
    density: float


def with_better_order(
    model: keras.Model, selection: Selection
) -> tuple[keras.Model, tuple[str, ...]]:
    """Reorders hidden units where the structures chosen gain by it.

    Blocks of consecutive inputs keep more where units that matter to the same outputs lie side by
    side; a hybrid matrix does where the outputs that are hardest to approximate come first.

    Args:
        model: A Sequential or Functional model; others are returned as they are.
        selection: Candidates for each matrix, as `select` gives them.

    Returns:
        The model, or a copy with the same outputs and other orders, and a note on each order.
    """
    specs = {matrix.key: candidates for matrix, candidates in selection.values()}
    wanted = [s for found in specs.values() for spec in found for s in spec.summands()]
    if not any(s.block_width > 1 or s.stores_first_outputs_whole for s in wanted):
        return model, ()
    if not has_graph(model):
        return model, ()
    graph = UnitGraph(model)
    paths = {id(m.owner.layer): m.owner.path for m, _ in selection.values()}
    orders, notes = {}, []
    for name, layer in graph.layers.items():
        order, gain = _order_of(layer, graph, specs, paths)
        if gain > _LEAST_GAIN:
            orders[name] = order
            notes.append(f"the units of `{name}` were reordered ({gain:.1%} less is lost)")
    return (reorder_units(model, orders) if orders else model), tuple(notes)


def _order_of(layer, graph, specs, paths) -> tuple[np.ndarray, float]:
    path = paths.get(id(layer), "")
    units = layer.cell.units
    readers = [(layer, "recurrent", _value(layer, "recurrent"))]
    for reader, first in graph.readers[layer.name]:
        readers.append((reader, "kernel", _value(reader, "kernel")[first : first + units]))
    rows = [
        _Rows(np.square(w), term.block_width, term.density or _NOMINAL_DENSITY)
        for reader, role, w in readers
        for spec in specs.get((paths.get(id(reader), ""), role), [])
        for term in spec.summands()
        if term.block_width > 1
    ]
    if rows:
        return _clustered(rows)
    hybrid = [
        (_value(layer, role), spec)
        for role in ("kernel", "recurrent")
        for spec in specs.get((path, role), [])
        if spec.stores_first_outputs_whole
    ]
    return _hardest_first(hybrid, units) if hybrid else (np.arange(units), 0.0)


def _value(layer: keras.layers.Layer, role: str) -> np.ndarray:
    owner = owner_of(layer)
    if owner is None:
        raise AssertionError("layers in a UnitGraph own matrices")
    return owner.value(role)


def _clustered(rows: list[_Rows]) -> tuple[np.ndarray, float]:
    """The best of some clusterings, and by how much less is lost than without one."""
    units = len(rows[0].squares)
    before = _lost(rows, np.arange(units))
    best, lost = np.arange(units), before
    for power in (0.5, 1.0):
        features = np.concatenate([r.squares**power for r in rows], axis=1)
        order = cluster_rows(features, rows[0].width)
        found = _lost(rows, order)
        if found < lost:
            best, lost = order, found
    return best, (before - lost) / before if before else 0.0


def cluster_rows(features: np.ndarray, size: int) -> np.ndarray:
    """An order that puts rows with large entries in the same columns side by side.

    Groups are grown one after the other, from the row with the largest norm that is left, by the
    row with the largest inner product with the group's sum.

    Args:
        features: Non-negative, `(rows, columns)`.
        size: Rows in a group.

    Returns:
        A permutation of the rows.
    """
    products = features @ features.T
    left = np.ones(len(features), bool)
    order: list[int] = []
    while left.any():
        first = int(np.argmax(np.where(left, np.diag(products), -np.inf)))
        group = [first]
        left[first] = False
        likeness = products[first].copy()
        while len(group) < size and left.any():
            following = int(np.argmax(np.where(left, likeness, -np.inf)))
            group.append(following)
            left[following] = False
            likeness += products[following]
        order += group
    return np.array(order)


def _lost(rows: list[_Rows], order: np.ndarray) -> float:
    """The squares outside the blocks that are kept, summed over the matrices."""
    lost = 0.0
    for r in rows:
        padded = np.pad(r.squares[order], ((0, -len(order) % r.width), (0, 0)))
        blocks = padded.reshape(-1, r.width, padded.shape[1]).sum(axis=1).ravel()
        kept = max(1, round(r.density * blocks.size))
        lost += float(blocks.sum() - np.partition(blocks, blocks.size - kept)[-kept:].sum())
    return lost


def _hardest_first(matrices: list, units: int) -> tuple[np.ndarray, float]:
    """Units by what a product of rank one for each half of the input leaves of their columns."""
    order = np.arange(units)
    errors = np.zeros(units)
    for _ in range(3):  # the products are refitted to the units that came last
        errors = np.sum(
            [_rank_one_errors(w, units, order[_rank(w, s, units) :]) for w, s in matrices], axis=0
        )
        order = np.argsort(-errors, kind="stable")
    kept = round(float(np.mean([_rank(w, spec, units) for w, spec in matrices])))
    before, after = errors[kept:].sum(), errors[order[kept:]].sum()
    return order, float((before - after) / before) if before else 0.0


def _rank(w: np.ndarray, spec: Structure, units: int) -> int:
    if spec.rank is not None:
        return min(spec.rank, units - 1)
    inputs = w.shape[0]
    ratio = spec.compression or 4.0
    return max(1, min(units - 1, math.floor(units / ratio - 1 - 2 * units / inputs)))


def _rank_one_errors(w: np.ndarray, units: int, fitted: np.ndarray) -> np.ndarray:
    """Squared error of each unit's columns; the products are fitted to the units in `fitted`."""
    errors = np.zeros(units)
    half = len(w) // 2
    for gate in np.split(w, w.shape[1] // units, axis=1):
        for part in (gate[:half], gate[half:]):
            direction = np.linalg.svd(part[:, fitted], full_matrices=False)[0][:, 0]
            errors += np.sum(np.square(part), axis=0) - np.square(direction @ part)
    return errors
