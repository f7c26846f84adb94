"""How much an error of each matrix moves the outputs of the model."""

from typing import Any

import keras
import numpy as np

from lrkeras.compression.calibration import batches
from lrkeras.compression.compression_run import CompressionRun
from lrkeras.compression.fit import dense, fit_side_by_side
from lrkeras.compression.merge import merge
from lrkeras.compression.option import Option
from lrkeras.compression.owners import owner_of, single_layers

# The relative squared error at which a matrix is tried.
_TRIED = 0.05


def measure_sensitivities(
    run: CompressionRun, options: dict[str, list[Option]]
) -> dict[str, float]:
    """Replaces each matrix by a fit of middling error, alone, and measures what comes out.

    The distance of the outputs is the Kullback-Leibler divergence where they are probabilities,
    else the squared error as a share of the square of the outputs.

    Returns:
        Distance by unit of the options' loss, by name of the matrix.
    """
    plain = merge(run.model)
    inputs = list(batches(run.calibration))
    before = [_outputs(plain, x) for x in inputs]
    owners = {path: owner_of(layer, path) for path, layer, _ in single_layers(plain)}
    found = {}
    for name in run.track(list(run.choice), "measuring sensitivity"):
        target, _ = run.choice[name]
        tried = [(o.spec, max(o.loss, 1e-12)) for o in options[name] if o.spec is not None]
        if not tried:
            continue
        spec, loss = min(tried, key=lambda option: abs(np.log(option[1] / _TRIED)))
        w, owner = target.value(), owners[target.owner.path]
        built = target.build(spec, run.gate_layout)
        if owner is None or isinstance(built, str):
            raise AssertionError("what was built for the options can be built again")
        fit_side_by_side(built, w, None, run.weightings.get(target.key))
        owner.assign_dense(target.role, np.concatenate([dense(s) for s in built], axis=1))
        moved = [_distance(a, _outputs(plain, x)) for a, x in zip(before, inputs, strict=True)]
        owner.assign_dense(target.role, w)
        found[name] = float(np.mean(moved)) / loss
    return found


def _outputs(model: keras.Model, x: Any) -> list[np.ndarray]:
    outputs = keras.tree.flatten(model.predict_on_batch(x))
    return [np.asarray(y, np.float64) for y in outputs]


def _distance(before: list[np.ndarray], after: list[np.ndarray]) -> float:
    return sum(_single_distance(a, b) for a, b in zip(before, after, strict=True))


def _single_distance(p: np.ndarray, q: np.ndarray) -> float:
    if p.shape[-1] > 1 and p.min() >= 0 and np.allclose(p.sum(axis=-1), 1, atol=1e-3):
        tiny = 1e-9
        return float(np.mean(np.sum(p * np.log((p + tiny) / (q + tiny)), axis=-1)))
    size = np.mean(np.square(p))
    return float(np.mean(np.square(p - q)) / size) if size else 0.0
