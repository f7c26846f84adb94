"""How much an error of each matrix moves the outputs of the model."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np

from lrkeras.compression.compression_run import CompressionRun
from lrkeras.compression.fitting.fit import dense, fit_side_by_side
from lrkeras.compression.matrices.owners import owner_of
from lrkeras.compression.merge import merge
from lrkeras.compression.search.knapsack import Option
from lrkeras.model_graph.layers_of import single_layers
from lrkeras.structures import Structure

# The shares of lost squares at which a matrix is tried.
_TRIED = (0.01, 0.05, 0.2, 0.5)


def measure_sensitivities(
    run: CompressionRun, options: dict[str, list[Option]]
) -> dict[str, list[Option]]:
    """Replaces the losses of all options by how far they move the outputs of the model.

    Each matrix is replaced alone, by fits of several errors; between these the curve is
    interpolated. The distance of the outputs is the Kullback-Leibler divergence where they are
    probabilities, else the squared error as a share of the square of the outputs.
    """
    plain = merge(run.model)
    inputs = run.examples or []
    before = [outputs_of(plain, x) for x in inputs]
    owners = {path: owner_of(layer, path) for path, layer, _ in single_layers(plain)}
    measured = {}
    for name in run.track(list(run.choice), "measuring sensitivity"):
        target, _ = run.choice[name]
        w, owner = target.value(), owners[target.owner.path]
        if owner is None:
            raise AssertionError("a merged layer owns the matrices of the layer it was")
        points = {0.0: 0.0}
        for spec, loss in _tried(options[name]):
            built = target.build(spec, run.gate_layout)
            if isinstance(built, str):
                raise AssertionError("what was built for the options can be built again")
            fit_side_by_side(built, w, None, run.weightings.get(target.key))
            owner.assign_dense(target.role, np.concatenate([dense(s) for s in built], axis=1))
            points[loss] = distance(before, [outputs_of(plain, x) for x in inputs])
        owner.assign_dense(target.role, w)
        measured[name] = [replace(o, loss=_between(points, o.loss)) for o in options[name]]
    return measured


def _tried(options: list[Option]) -> list[tuple[Structure, float]]:
    """Options whose losses are nearest to those that are tried, and the largest, each once."""
    with_spec = [(o.spec, o.loss) for o in options if o.spec is not None]
    if not with_spec:
        return []
    losses = np.array([loss for _, loss in with_spec])
    near = [with_spec[int(np.argmin(np.abs(losses - tried)))] for tried in _TRIED]
    return list({loss: (spec, loss) for spec, loss in [*near, with_spec[0]]}.values())


def _between(points: dict[float, float], loss: float) -> float:
    """The measured curve, made to rise, at a loss."""
    losses = sorted(points)
    heights = np.maximum.accumulate([points[x] for x in losses])
    return float(np.interp(loss, losses, heights))


def outputs_of(model: keras.Model, x: Any) -> list[np.ndarray]:
    """The outputs of a model on one batch, float64."""
    outputs = keras.tree.flatten(model.predict_on_batch(x))
    return [np.asarray(y, np.float64) for y in outputs]


def distance(before: list[list[np.ndarray]], after: list[list[np.ndarray]]) -> float:
    """Mean distance over the batches of the outputs of two models."""
    return float(
        np.mean(
            [
                sum(_single_distance(p, q) for p, q in zip(a, b, strict=True))
                for a, b in zip(before, after, strict=True)
            ]
        )
    )


def _single_distance(p: np.ndarray, q: np.ndarray) -> float:
    if p.shape[-1] > 1 and p.min() >= 0 and np.allclose(p.sum(axis=-1), 1, atol=1e-3):
        tiny = 1e-9
        return float(np.mean(np.sum(p * np.log((p + tiny) / (q + tiny)), axis=-1)))
    size = np.mean(np.square(p))
    return float(np.mean(np.square(p - q)) / size) if size else 0.0
