"""Building the compressed copies of a model."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import numpy as np

from lrkeras.compression.compression_report import CompressionReport
from lrkeras.compression.fitting.fit import fit_side_by_side
from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.compression.matrices.selection import Selection
from lrkeras.compression.matrices.weight_matrix import WeightMatrix
from lrkeras.compression.matrix_report import MatrixReport, singular_profile
from lrkeras.compression.units.unit_report import UnitReport
from lrkeras.model_graph.copy_model import compile_like, copy_model
from lrkeras.structures import SharedLowRank, Structure
from lrkeras.structures.matrix_norms import matrix_norms
from lrkeras.structures.stored_size import StoredSize

Track = Callable[..., Iterable]  # (items, what) -> items
Moments = dict[tuple[str, str], SecondMoments]
Built = dict[str, list[Structure]]


@dataclasses.dataclass(frozen=True)
class Compressor:
    """Makes compressed copies of a model, once the arguments of `compress` are read.

    Attributes:
        model: The model; its units may have been reordered.
        original: The model as it was given.
        selection: The matrices that may change, and what each may become, by name.
        skipped: Reason by name of what stays as it is.
        method, gate_layout, track: As in `compress`.
        examples: Batches of inputs, or `None` without calibration.
        moments: Of what each matrix multiplies, by path and role; empty without calibration.
        notes: For the report.
    """

    model: keras.Model
    original: keras.Model
    selection: Selection
    skipped: dict[str, str]
    method: str | None
    examples: list[Any] | None
    moments: Moments
    gate_layout: str
    notes: tuple[str, ...]
    track: Track

    def build(
        self,
        specs: Mapping[str, Structure],
        kept: str = "",
        fitted: Mapping[str, list[Structure]] | None = None,
    ) -> tuple[keras.Model, CompressionReport]:
        """Makes the model whose matrices have these structures, and fits them.

        Args:
            specs: Structure by name of the matrix.
            kept: Why the other selected matrices are not among them.
            fitted: Structures by name of the matrix that are fitted already, to be copied.

        Raises:
            ValueError: If there is nothing to change, or the model cannot be copied.
        """
        left = {name: kept for name in self.selection if name not in specs and kept}
        skipped = {**self.skipped, **left}
        if not specs:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
            raise ValueError(
                f"Nothing in `{self.model.name}` can be compressed this way. {reasons}."
            )
        matrices = [matrix for name, (matrix, _) in self.selection.items() if name in specs]
        small, built = self._rebuilt(matrices, specs)
        _fit_groups(matrices, built, self.moments)
        rows = []
        for matrix in self.track(matrices, "fitting"):
            structures, moments = built[matrix.name], self.moments.get(matrix.key)
            known = (fitted or {}).get(matrix.name)
            if known is None or any(s.has_groups for s in structures):
                fit_side_by_side(structures, matrix.value(), self.method, moments)
            else:
                for new, old in zip(structures, known, strict=True):
                    new.set_weights(old.get_weights())
            rows.append(_row(matrix, structures, moments))
        compile_like(small, self.original)
        return small, _report(self.model, small, rows, skipped, self.notes)

    def report_of_units(self, small: keras.Model, units: UnitReport) -> CompressionReport:
        """What is said of a copy that has fewer hidden units and no other structures."""
        left = {name: "no structure, but fewer units" for name in self.selection}
        report = _report(self.original, small, [], {**self.skipped, **left}, ())
        return dataclasses.replace(report, units=units)

    def _rebuilt(
        self, matrices: list[WeightMatrix], specs: Mapping[str, Structure]
    ) -> tuple[keras.Model, Built]:
        """The new model, and its structures by name of the matrix, to be fitted."""
        owners = {id(m.owner.layer): m.owner for m in matrices}
        chosen: dict[int, dict[str, Structure]] = {key: {} for key in owners}
        for matrix in matrices:
            chosen[id(matrix.owner.layer)][matrix.role] = specs[matrix.name]

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


def _fit_groups(matrices: list[WeightMatrix], built: Built, moments: Moments) -> None:
    """Projections that several matrices share are fitted to all of them at once."""
    members: dict[int, list] = {}
    shared: dict[int, SecondMoments | None] = {}
    for matrix in matrices:
        parts = [part for s in built[matrix.name] for part in s.column_blocks()]
        for part, w in zip(parts, np.split(matrix.value(), len(parts), axis=1), strict=True):
            if part.has_groups:
                members.setdefault(id(part.projection), []).append((part, w))
                shared.setdefault(id(part.projection), moments.get(matrix.key))
    for key, group in members.items():
        SharedLowRank.fit_together(group, shared[key])


def _row(
    matrix: WeightMatrix, built: list[Structure], moments: SecondMoments | None
) -> MatrixReport:
    w, fitted = matrix.value(), np.concatenate([s.to_numpy() for s in built], axis=1)
    held = matrix.owner.held(matrix.role)
    before, after = _singular_values(w), _singular_values(fitted)
    return MatrixReport(
        name=matrix.name,
        shape=matrix.shape,
        structure=", ".join(dict.fromkeys(s.describe() for s in built)),
        dense_params=matrix.params,
        params=sum(s.num_params for s in built),
        dense_bytes=sum(s.num_bytes() for s in held) if held else 4 * w.size,
        bytes=sum(s.num_bytes() for s in built),
        error=_share(SecondMoments(), w - fitted, w),
        weighted_error=None if moments is None else _share(moments, w - fitted, w),
        singular_values=singular_profile(before),
        dense_norms=matrix_norms(w, before),
        norms=matrix_norms(fitted, after),
    )


def _share(moments: SecondMoments, error: np.ndarray, w: np.ndarray) -> float:
    whole = moments.cost(w)
    return math.sqrt(moments.cost(error) / whole) if whole else 0.0


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
