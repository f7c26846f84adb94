"""Gradual magnitude pruning."""

import warnings

from lrkeras.callbacks.structure_callback import StructureCallback
from lrkeras.structures import Sparse, pruned_together


class SparsityAnnealing(StructureCallback):
    """Takes every sparse part of the model from dense to its target density.

    From `begin_step` to `end_step`, every `frequency` optimiser steps, the smallest entries (or
    blocks, by their sum of squares) are masked so that the sparsity is
    `s_t = s_f + (s_i - s_f) * (1 - (t - t0) / (t1 - t0)) ** power`, with `s_f` that of the part.
    Zhu and Gupta 2017 (arXiv 1710.01878), eq. 1, where `power` is 3; the curve published for
    doped Kronecker products is nearer to 2.

    A masked entry has no gradient and is set to zero again after every batch, whatever the
    optimiser's momentum does; what was masked stays masked. At `end_step` the target is met
    exactly. Parts with `pooled=True` are one: their smallest entries go first, wherever they are.
    Masks and the step count live in the model and its optimiser: training that was
    interrupted and resumed gives the same result.

    Args:
        begin_step: First step.
        end_step: Last step.
        power: Exponent of the schedule; larger means earlier.
        frequency: Steps between two masks. Default: a hundredth of the way, at least 1.
        initial_sparsity: Sparsity at `begin_step`.
        begin_epoch, end_epoch: Instead of both steps: they are multiplied by the number of steps
            of an epoch.

    Raises:
        ValueError: On arguments out of range, and at the start of training if the model has no
            sparse part.
    """

    def __init__(
        self,
        begin_step=0,
        end_step=None,
        power=3,
        frequency=None,
        initial_sparsity=0.0,
        begin_epoch=None,
        end_epoch=None,
    ):
        super().__init__()
        if (end_step is None) == (end_epoch is None):
            raise ValueError(
                "SparsityAnnealing takes either `end_step` or `end_epoch`. "
                f"Received: end_step={end_step}, end_epoch={end_epoch}"
            )
        if begin_epoch is not None and end_epoch is None:
            raise ValueError("`begin_epoch` goes with `end_epoch`. Received: end_epoch=None")
        if begin_step and end_epoch is not None:
            raise ValueError(
                "`begin_step` goes with `end_step`, and `begin_epoch` with `end_epoch`. "
                f"Received: begin_step={begin_step}, end_epoch={end_epoch}"
            )
        begin, end = (begin_step, end_step) if end_epoch is None else (begin_epoch or 0, end_epoch)
        if not 0 <= begin < end:
            raise ValueError(
                f"Annealing must begin at or after 0 and before its end. Received: {begin}, {end}"
            )
        too_often = frequency is not None and frequency < 1
        if power <= 0 or not 0 <= initial_sparsity < 1 or too_often:
            raise ValueError(
                "Expected power > 0, 0 <= initial_sparsity < 1 and frequency >= 1. Received: "
                f"power={power}, initial_sparsity={initial_sparsity}, frequency={frequency}"
            )
        self.power, self.initial_sparsity = power, initial_sparsity
        self.begin_step, self.end_step, self.frequency = begin_step, end_step, frequency
        self._epochs = None if end_epoch is None else (begin, end)

    def sparsity(self, step, target):
        """Sparsity that the schedule wants after `step` steps of a part with this target."""
        progress = (step - self.begin_step) / (self.end_step - self.begin_step)
        rest = (1 - min(1.0, max(0.0, progress))) ** self.power
        return target + (min(self.initial_sparsity, target) - target) * rest

    def on_train_begin(self, logs=None):
        self._find(Sparse, "a Sparse or doped structure")
        self._parts = pruned_together(self.model)
        if self._epochs is not None:
            steps = (self.params or {}).get("steps")
            if not steps:
                raise ValueError(
                    "The number of steps of an epoch is not known, so `end_epoch` cannot be used. "
                    "Pass `end_step`, or `steps_per_epoch` to fit."
                )
            self.begin_step, self.end_step = (steps * epoch for epoch in self._epochs)
        self._last_mask = None

    def on_train_batch_begin(self, batch, logs=None):
        if self._last_mask is None:  # now all callbacks have restored what they restore
            self._sync()
            self._update(self._step)

    def on_train_batch_end(self, batch, logs=None):
        self._sync()
        self._update(self._step)

    def on_train_end(self, logs=None):
        if self._step < self.end_step:
            warnings.warn(
                f"Training ended at step {self._step}, before `end_step` = {self.end_step} of "
                "SparsityAnnealing: the sparse parts are not at their target density. Train on, "
                "or call lrkeras.sparsify(model).",
                stacklevel=2,
            )

    def _update(self, step):
        mask_step = self.mask_step(step)
        if mask_step != self._last_mask:
            self._last_mask = mask_step
            for part in self._parts:
                wanted = self.sparsity(mask_step, part.target_sparsity)
                if wanted > part.sparsity:
                    part.prune(wanted)
        for part in self._parts:
            part.zero_masked()

    def mask_step(self, step):
        """The step of the schedule whose mask holds after `step` steps; below `begin`: none."""
        if step >= self.end_step:
            return self.end_step
        if step < self.begin_step:
            return self.begin_step - 1
        every = self.frequency or max(1, (self.end_step - self.begin_step) // 100)
        return step - (step - self.begin_step) % every
