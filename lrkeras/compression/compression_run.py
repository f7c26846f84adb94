"""One compression: a model, what its matrices may become, and how they are fitted."""

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

from lrkeras.compression.compression_report import (
    CompressionReport,
    MatrixReport,
    matrix_norms,
    singular_profile,
)
from lrkeras.compression.fitting.fit import dense, fit_group, fit_side_by_side
from lrkeras.compression.fitting.weighting import Weighting
from lrkeras.compression.matrices.selection import Choice
from lrkeras.compression.matrices.weight_matrix import Target
from lrkeras.model_graph.copy_model import compile_like, copy_model
from lrkeras.structures import Concatenated, SharedLowRank, Structure, describe
from lrkeras.structures.stored_size import StoredSize

Track = Callable[..., Iterable]  # (items, what) -> items
Weightings = dict[tuple[str, str], Weighting]


@dataclasses.dataclass(frozen=True)
class CompressionRun:
    """Everything that `compress` knows once its arguments are read.

    Attributes:
        model: The model; its units may have been reordered.
        original: The model as it was given.
        choice: Matrix and candidates by name.
        skipped: Reason by name of what stays as it is.
        method, gate_layout, track: As in `compress`.
        examples: Batches of inputs, or `None` without calibration.
        weightings: By path and role; empty without calibration.
        notes: For the report.
    """

    model: keras.Model
    original: keras.Model
    choice: Choice
    skipped: dict[str, str]
    method: str | None
    examples: list[Any] | None
    weightings: Weightings
    gate_layout: str
    notes: tuple[str, ...]
    track: Track

    def build(
        self, specs: dict[str, Structure], kept: str = ""
    ) -> tuple[keras.Model, CompressionReport]:
        """Makes the model whose matrices have these structures, and fits them.

        Args:
            specs: Structure by name of the matrix.
            kept: Why the other matrices of the choice are not among them.

        Raises:
            ValueError: If there is nothing to change, or the model cannot be copied.
        """
        skipped = {**self.skipped, **{n: kept for n in self.choice if n not in specs and kept}}
        if not specs:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
            raise ValueError(
                f"Nothing in `{self.model.name}` can be compressed this way. {reasons}."
            )
        targets = [self.choice[name][0] for name in self.choice if name in specs]
        small, built = self._rebuilt(targets, specs)
        _fit_groups(targets, built, self.weightings)
        rows = []
        for target in self.track(targets, "fitting"):
            w, weighting = target.value(), self.weightings.get(target.key)
            fit_side_by_side(built[target.name], w, self.method, weighting)
            rows.append(_row(target, w, built[target.name], weighting))
        compile_like(small, self.original)
        return small, _report(self.model, small, rows, skipped, self.notes)

    def _rebuilt(self, targets: list[Target], specs: dict[str, Structure]):
        """The new model, and its structures by name of the matrix, to be fitted."""
        owners = {id(t.owner.layer): t.owner for t in targets}
        chosen: dict[int, dict[str, Structure]] = {key: {} for key in owners}
        for target in targets:
            chosen[id(target.owner.layer)][target.role] = specs[target.name]

        def replace(layer):
            owner = owners.get(id(layer))
            return None if owner is None else owner.replaced(chosen[id(layer)], self.gate_layout)

        small, pairs = copy_model(self.model, replace)
        built = {}
        for old, new in pairs:
            owner = owners.get(id(old))
            if owner is None:
                new.set_weights(old.get_weights())
                continue
            owner.copy_weights(new, fitted=tuple(chosen[id(old)]))
            made = type(owner)(new, owner.path)
            built.update({f"{owner.path}.{role}": made.held(role) for role in chosen[id(old)]})
        return small, built


def _fit_groups(targets: list[Target], built, weightings: Weightings) -> None:
    """Projections that several matrices share are fitted to all of them at once."""
    members: dict[int, list] = {}
    shared: dict[int, Weighting | None] = {}
    for target in targets:
        pieces = built[target.name]
        parts = [p for s in pieces for p in (s.parts if isinstance(s, Concatenated) else [s])]
        for part, w in zip(parts, np.split(target.value(), len(parts), axis=1), strict=True):
            if isinstance(part, SharedLowRank):
                members.setdefault(id(part.projection), []).append((part, w))
                shared.setdefault(id(part.projection), weightings.get(target.key))
    for key, group in members.items():
        fit_group(group, shared[key])


def _row(target: Target, w, built, weighting) -> MatrixReport:
    fitted = np.concatenate([dense(s) for s in built], axis=1)
    params = sum(s.num_params for s in built)
    held = target.owner.held(target.role)
    dense_bytes = sum(s.num_bytes() for s in held) if held else 4 * w.size
    before, after = _singular_values(w), _singular_values(fitted)
    return MatrixReport(
        name=target.name,
        shape=target.shape,
        structure=", ".join(dict.fromkeys(describe(s) for s in built)),
        dense_params=target.params,
        params=params,
        dense_bytes=dense_bytes,
        bytes=sum(s.num_bytes() for s in built),
        error=_share(Weighting(), w - fitted, w),
        weighted_error=None if weighting is None else _share(weighting, w - fitted, w),
        singular_values=singular_profile(before),
        dense_norms=matrix_norms(w, before),
        norms=matrix_norms(fitted, after),
    )


def _share(weighting: Weighting, error: np.ndarray, w: np.ndarray) -> float:
    whole = weighting.cost(w)
    return math.sqrt(weighting.cost(error) / whole) if whole else 0.0


def _singular_values(w: np.ndarray) -> np.ndarray:
    """From the smaller Gram matrix: exact to half the digits, in a fraction of the time."""
    gram = w.T @ w if w.shape[0] > w.shape[1] else w @ w.T
    return np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0))


def _report(model, small, rows: list[MatrixReport], skipped, notes) -> CompressionReport:
    before, after = StoredSize.of(model), StoredSize.of(small)
    return CompressionReport(
        model=model.name,
        matrices=rows,
        skipped=skipped,
        dense_params=before.params,
        params=after.params,
        dense_bytes=before.bytes,
        bytes=after.bytes,
        index_bytes=after.index_bytes,
        notes=notes,
    )
