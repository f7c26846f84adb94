"""Structures fitted to the matrices of a model, each of them once."""

import numpy as np

from lrkeras.compression.compressor import Compressor
from lrkeras.compression.fitting.fit import fit_side_by_side
from lrkeras.structures import Structure


class Fits:
    """Fitted structures by matrix and specification.

    What is tried alone, in a choice for the whole model and at last in the model itself is fitted
    once. Projections that matrices share are fitted to one matrix here; only `Compressor.build`
    fits them to all.

    Args:
        compressor: The model and its matrices.
    """

    def __init__(self, compressor: Compressor):
        self._compressor = compressor
        # The specification is kept too, so that no identity is used twice.
        self._fitted: dict[tuple[str, int], tuple[Structure, list[Structure]]] = {}

    def of(self, name: str, spec: Structure) -> list[Structure]:
        """The fitted structures, side by side, that make a matrix."""
        key = (name, id(spec))
        if key not in self._fitted:
            self._fitted[key] = (spec, self._new(name, spec))
        return self._fitted[key][1]

    def matrix(self, name: str, spec: Structure) -> np.ndarray:
        """The same as a dense matrix, float64."""
        return np.concatenate([s.to_numpy() for s in self.of(name, spec)], axis=1)

    def _new(self, name: str, spec: Structure) -> list[Structure]:
        compressor = self._compressor
        matrix, _ = compressor.selection[name]
        built = matrix.build(spec, compressor.gate_layout)
        if isinstance(built, str):
            raise AssertionError(f"a candidate can be built again, but: {built}")
        w, moments = matrix.value(), compressor.moments.get(matrix.key)
        fit_side_by_side(built, w, compressor.method, moments)
        width = w.shape[1] // len(built)
        for number, structure in enumerate(built):
            if structure.has_groups:
                structure.fit(w[:, number * width : (number + 1) * width])
        return built
