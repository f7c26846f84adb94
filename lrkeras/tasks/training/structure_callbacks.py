"""The callbacks of a language model's structures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import keras

from lrkeras import callbacks, structures


class Settings(Protocol):
    """What the configs of language models have in common."""

    @property
    def anneal(self) -> tuple[float, float]:
        """Where the sparsity starts and stops rising, as shares of the run."""

    @property
    def anneal_power(self) -> float:
        """The exponent of its schedule."""

    @property
    def co_matrix_dropout(self) -> float:
        """The rate until the sparsity has reached its target."""


def structure_callbacks(
    model: keras.Model,
    config: Settings,
    steps: int,
    *,
    anneals: bool = True,
    dropout_until: float | None = None,
) -> list[keras.callbacks.Callback]:
    """The callbacks that a model's structures need in training, none for a dense model.

    Args:
        model: what is trained.
        config: the run.
        steps: batches of the whole training.
        anneals: whether sparsity rises; False where sparse parts are at their target.
        dropout_until: the sparsity at which co-matrix dropout ends, if that comes before the end of
            the annealing.
    """
    chosen: list[keras.callbacks.Callback] = []
    parts = structures.pruned_together(model)
    if parts:
        begin, end = (round(share * steps) for share in config.anneal)
        if anneals:
            chosen.append(callbacks.SparsityAnnealing(begin, end, power=config.anneal_power))
        rate = config.co_matrix_dropout
        if rate:
            # Once the sparse part is sparse there is no adaptation left to prevent.
            last = end
            if dropout_until is not None:
                annealing = callbacks.SparsityAnnealing(begin, end, power=config.anneal_power)
                last = _first_step_at(annealing, parts, dropout_until)
            chosen.append(callbacks.CoMatrixDropout(lambda step: rate if step < last else 0.0))
    if structures.find_structures(model, structures.Structure):
        chosen.append(callbacks.StructureLogger())
    return chosen


def _first_step_at(annealing, parts: Sequence, sparsity: float) -> int:
    """The step at which all parts are so sparse, at the latest the end of the annealing."""
    targets = {part.target_sparsity for part in parts}
    steps = range(annealing.begin_step, annealing.end_step)
    return next(
        (
            step
            for step in steps
            if all(
                annealing.sparsity(annealing.mask_step(step), target) >= sparsity
                for target in targets
            )
        ),
        annealing.end_step,
    )
