"""How much an error of each matrix moves the outputs of the model."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lrkeras.compression.compressor import Compressor
from lrkeras.compression.search.fits import Fits
from lrkeras.compression.search.knapsack import Candidate
from lrkeras.compression.search.output_judge import OutputJudge
from lrkeras.structures import Structure

# The shares of lost squares at which a matrix is tried.
_TRIED = (0.01, 0.05, 0.2, 0.5)


def measure_sensitivities(
    compressor: Compressor,
    candidates: Mapping[str, list[Candidate]],
    fits: Fits,
    judge: OutputJudge,
) -> dict[str, list[Candidate]]:
    """Replaces the losses of all candidates by how far they move the outputs of the model.

    Each matrix is replaced alone, by fits of several errors; between these the curve is
    interpolated.
    """
    measured = {}
    for name in compressor.track(list(compressor.selection), "measuring sensitivity"):
        matrix, _ = compressor.selection[name]
        points = {0.0: 0.0}
        for spec, loss in _tried(candidates[name]):
            points[loss] = judge.moved({matrix: fits.matrix(name, spec)})
        measured[name] = [replace(c, loss=_between(points, c.loss)) for c in candidates[name]]
    return measured


def _tried(candidates: list[Candidate]) -> list[tuple[Structure, float]]:
    """Candidates whose losses are nearest to those that are tried, and the largest, each once."""
    with_spec = [(c.spec, c.loss) for c in candidates if c.spec is not None]
    if not with_spec:
        return []
    losses = np.array([loss for _, loss in with_spec])
    near = [with_spec[int(np.argmin(np.abs(losses - tried)))] for tried in _TRIED]
    return list({loss: (spec, loss) for spec, loss in [*near, with_spec[0]]}.values())


def _between(points: Mapping[float, float], loss: float) -> float:
    """The measured curve, made to rise, at a loss."""
    losses = sorted(points)
    heights = np.maximum.accumulate([points[x] for x in losses])
    return float(np.interp(loss, losses, heights))
