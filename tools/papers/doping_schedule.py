"""When the sparse parts of a row become sparser, and when its co-matrix dropout ends."""

from __future__ import annotations

import math

import keras

from lrkeras.callbacks import CoMatrixDropout, SparsityAnnealing
from lrkeras.structures import Sparse, find_structures
from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.training.structure_callbacks import structure_callbacks


class DopingSchedule:
    """What the callbacks of a row would do, for a training that has none.

    Args:
        config: the row.
        steps: batches of the whole training.
        model: its model.

    Attributes:
        parts: the sparse parts of the model.
        kept: blocks that each of them keeps, as far as the schedule has moved on.
    """

    def __init__(self, config: PaperConfig, steps: int, model: keras.Model) -> None:
        self.parts = find_structures(model, Sparse)
        self.kept = [part.kept_blocks for part in self.parts]
        self._annealing: SparsityAnnealing | None = None
        self._dropout: CoMatrixDropout | None = None
        anneals = not config.is_pruned_at_once
        until = config.co_matrix_dropout_until
        for callback in structure_callbacks(
            model, config, steps, anneals=anneals, dropout_until=until
        ):
            if isinstance(callback, SparsityAnnealing):
                self._annealing = callback
            elif isinstance(callback, CoMatrixDropout):
                self._dropout = callback
        self._last = None

    @property
    def sparsity(self) -> float:
        """Share of the entries of all sparse parts that are masked."""
        sizes = [math.prod(part.shape) for part in self.parts]
        masked = [
            (1 - kept / part.total_blocks) * size
            for kept, part, size in zip(self.kept, self.parts, sizes, strict=True)
        ]
        return sum(masked) / sum(sizes)

    def following(self, step: int) -> float:
        """The next step at which something changes."""
        if self._annealing is None or step >= self._annealing.end_step:
            return math.inf
        now, following = self._annealing.mask_step(step), step + 1
        while self._annealing.mask_step(following) == now:
            following += 1
        return following

    def anneal(self, step: int) -> bool:
        """Moves on to a step; returns whether a part keeps less than before."""
        if self._annealing is None:
            return False
        mask_step = self._annealing.mask_step(step)
        if mask_step == self._last:
            return False
        self._last, before = mask_step, list(self.kept)
        for place, part in enumerate(self.parts):
            wanted = self._annealing.sparsity(mask_step, part.target_sparsity)
            if wanted > 1 - self.kept[place] / part.total_blocks:
                self.kept[place] = part.blocks_at(wanted)
        return self.kept != before

    def dropout(self, step: int) -> float:
        """The rate of co-matrix dropout of the next step."""
        return self._dropout.rate(step) if self._dropout else 0.0
