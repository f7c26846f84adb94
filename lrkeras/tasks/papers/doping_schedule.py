"""When the sparse parts of a row become sparser, and when its co-matrix dropout ends."""

from __future__ import annotations

import math

import keras

from lrkeras.callbacks import SparsityAnnealing
from lrkeras.structures import Sparse, find_structures
from lrkeras.tasks.papers.config import PaperConfig


class DopingSchedule:
    """How many blocks of its sparse parts a row keeps, and how much it drops, as it goes on."""

    def __init__(self, config: PaperConfig, steps: int, model: keras.Model) -> None:
        self.parts = find_structures(model, Sparse)
        self.kept = [part.kept_blocks for part in self.parts]
        self.begin, self.end = (round(share * steps) for share in config.anneal)
        self.rate = config.co_matrix_dropout
        self.annealing = None
        if self.parts and not config.is_pruned_at_once:
            self.annealing = SparsityAnnealing(self.begin, self.end, power=config.anneal_power)
        self._last = None

    def following(self, step: int) -> float:
        """The next step at which something changes."""
        if self.annealing is None or step >= self.end:
            return math.inf
        now, following = self.annealing.mask_step(step), step + 1
        while self.annealing.mask_step(following) == now:
            following += 1
        return following

    def anneal(self, step: int) -> bool:
        """Moves on to a step; returns whether a part keeps less than before."""
        if self.annealing is None:
            return False
        mask_step = self.annealing.mask_step(step)
        if mask_step == self._last:
            return False
        self._last, before = mask_step, list(self.kept)
        for place, part in enumerate(self.parts):
            total = math.prod(part.mask.shape)
            wanted = self.annealing.sparsity(mask_step, part.target_sparsity)
            if wanted > 1 - self.kept[place] / total:
                self.kept[place] = max(part.target_blocks, min(total, round((1 - wanted) * total)))
        return self.kept != before

    def dropout(self, step: int) -> float:
        """The rate of co-matrix dropout of the next step."""
        return self.rate if step < self.end else 0.0
