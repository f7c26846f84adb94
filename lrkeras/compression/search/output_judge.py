"""How far the outputs of a model move when its matrices are replaced."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from lrkeras.compression.matrices.owners import owner_of
from lrkeras.compression.matrices.weight_matrix import WeightMatrix
from lrkeras.compression.merge import merge
from lrkeras.model_graph.layer_states import reset_states
from lrkeras.model_graph.layers_of import single_layers

_FARTHEST = 1e9


class OutputJudge:
    """Compares the outputs of a model with those of the same model with other matrices.

    Args:
        model: The model.
        inputs: Batches of inputs, as `model.predict_on_batch` takes them.

    Raises:
        ValueError: If the outputs of the model itself are not finite.
    """

    def __init__(self, model: keras.Model, inputs: list[Any]):
        self._plain = merge(model)
        self._inputs = inputs
        layers = single_layers(self._plain)
        self._owners = {path: owner_of(layer, path) for path, layer, _ in layers}
        self._before = self._outputs(self._plain)
        if not all(np.isfinite(y).all() for batch in self._before for y in batch):
            raise ValueError(f"The outputs of `{model.name}` are not finite on these inputs.")

    def moved(self, replaced: Mapping[WeightMatrix, np.ndarray]) -> float:
        """The distance of the outputs with some matrices replaced.

        Args:
            replaced: A dense matrix for each matrix that is another one.

        Returns:
            The mean over the batches of the Kullback-Leibler divergence where outputs are
            probabilities, else of the squared error as a share of the square of the outputs;
            several outputs add up. 1e9 at most, and where outputs are not finite.
        """
        originals = {matrix: matrix.value() for matrix in replaced}
        self._assign(replaced)
        try:
            return self._distance(self._outputs(self._plain))
        finally:
            self._assign(originals)

    def moved_by_model(self, model: keras.Model) -> float:
        """The distance of the outputs of another model."""
        return self._distance(self._outputs(model))

    def _assign(self, matrices: Mapping[WeightMatrix, np.ndarray]) -> None:
        for matrix, value in matrices.items():
            owner = self._owners[matrix.owner.path]
            if owner is None:
                raise AssertionError("a merged layer owns the matrices of the layer it was")
            owner.assign_dense(matrix.role, value)

    def _outputs(self, model: keras.Model) -> list[list[np.ndarray]]:
        reset_states(model)
        return [
            [np.asarray(y, np.float64) for y in keras.tree.flatten(model.predict_on_batch(x))]
            for x in self._inputs
        ]

    def _distance(self, after: list[list[np.ndarray]]) -> float:
        moved = [
            sum(_distance(p, q) for p, q in zip(a, b, strict=True))
            for a, b in zip(self._before, after, strict=True)
        ]
        return min(float(np.mean(moved)), _FARTHEST) if np.isfinite(moved).all() else _FARTHEST


def _distance(p: np.ndarray, q: np.ndarray) -> float:
    if p.shape[-1] > 1 and p.min() >= 0 and np.allclose(p.sum(axis=-1), 1, atol=1e-3):
        tiny = 1e-9
        return float(np.mean(np.sum(p * np.log((p + tiny) / (q + tiny)), axis=-1)))
    size = np.mean(np.square(p))
    return float(np.mean(np.square(p - q)) / size) if size else 0.0
