"""Fewer hidden units, gradually."""

import math
import warnings

import numpy as np
from keras import ops

from lrkeras.callbacks.structure_callback import StructureCallback
from lrkeras.model_graph.units.hidden_units import find_units
from lrkeras.model_graph.units.shrunk_models import is_shrunk
from lrkeras.model_graph.units.unit_choice import (
    as_many_each,
    check_compression,
    chosen_groups,
    counts_of,
    kept_to_counts,
    kept_to_params,
)
from lrkeras.model_graph.units.unit_lasso import UnitLasso
from lrkeras.model_graph.units.unit_norms import dead_units, unit_norms


class UnitPruning(StructureCallback):
    """Takes hidden units out of a model while it trains; `lrkeras.shrink` then makes it smaller.

    After each epoch from `begin_epoch` to `end_epoch` the units of the smallest norms (see
    `model_graph.units.unit_norms`) are set to zero, in and out, so that the share of parameters
    gone is `s (1 - (1 - t) ** power)`, with `t` the share of these epochs that is over and `s` that
    of the end. Zhu and Gupta 2017 (arXiv 1710.01878), eq. 1, of whole units.

    What is zero is set to zero again after every batch, whatever the optimiser's momentum does.
    All that the callback knows is in the weights and the number of the epoch: training that was
    interrupted and resumed gives the same result. The logs get `kept_params`, what the model will
    store without the units gone. Put it before callbacks that save the model.

    With `lasso` the loss has one more term: `lasso` times the sum over all units that may go of
    the Euclidean norm of the trained weights that belong to the unit, in and out, not scaled (Wen
    et al. 2018, arXiv 1709.05027, eq. 5). It draws weak units to zero before they go. It acts as a
    proximal step (Parikh and Boyd 2014) after every batch of the epochs before `end_epoch`, those
    before `begin_epoch` too: a unit's weights are multiplied by
    `max(0, 1 - lasso * learning_rate / norm)`, with the rate that the optimiser has after the
    batch; what belongs to two units by the numbers of both, with the norms before the step. That
    is the exact step where units share no weights, and to first order else. A unit that this
    brings to zero is gone for good if it is zero at the end of an epoch, also beyond what
    `compression` or `units` ask for. From `end_epoch` on, when the last units have gone, what
    stays is trained without a penalty. With `steps_per_execution` there is one step for all
    batches of an execution.

    Args:
        compression: How many times fewer parameters the whole model has in the end.
        begin_epoch: Epochs before the first units go.
        end_epoch: Epochs after which the last ones have gone. Train on for some more.
        units: Instead of a compression: how many units stay, by name of a layer, as in
            `lrkeras.prune_units`.
        power: Exponent of the schedule; larger means earlier.
        include: Name, or names, of layers that may lose units; see `lrkeras.prune_units`.
        exclude: Those that may not.
        lasso: Weight of the sum of the units' norms in the loss; 0 for none.

    Raises:
        ValueError: On arguments out of range, and at the start of training if the model cannot be
            followed, has nothing that can go, is what `lrkeras.shrink` left, or is another one than
            before.
    """

    def __init__(
        self,
        compression=None,
        begin_epoch=0,
        end_epoch=None,
        *,
        units=None,
        power=3,
        include=None,
        exclude=None,
        lasso=0.0,
    ):
        super().__init__()
        if (compression is None) == (units is None):
            raise ValueError(
                "UnitPruning takes exactly one of `compression` and `units`. Received: "
                f"compression={compression}, units={units}"
            )
        if end_epoch is None or not 0 <= begin_epoch < end_epoch:
            raise ValueError(
                "Expected 0 <= begin_epoch < end_epoch. Received: "
                f"begin_epoch={begin_epoch}, end_epoch={end_epoch}"
            )
        if power <= 0:
            raise ValueError(f"Expected power > 0. Received: power={power}")
        if not 0 <= lasso < math.inf:
            raise ValueError(f"Expected lasso >= 0 and finite. Received: lasso={lasso}")
        self.compression = None if compression is None else check_compression(compression)
        self.units, self.power = units, power
        self.begin_epoch, self.end_epoch = begin_epoch, end_epoch
        self.include, self.exclude, self.lasso = include, exclude, lasso
        self._total = None

    def share_gone(self, epochs):
        """Share of all that is to go that has gone after so many epochs."""
        progress = (epochs - self.begin_epoch) / (self.end_epoch - self.begin_epoch)
        return 1 - (1 - min(1.0, max(0.0, progress))) ** self.power

    def hidden_units(self):
        """The units of the model that trains; to be overridden where it cannot be followed."""
        return find_units(self.model)

    def on_train_begin(self, logs=None):
        self._require_built()
        if is_shrunk(self.model):
            raise ValueError(
                f"The model `{self.model.name}` was made by lrkeras.shrink: its units have gone "
                "already. Train it without UnitPruning, or save and load it to prune it further."
            )
        found = chosen_groups(self.hidden_units(), self.include, self.exclude)
        if not found.sizes:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in found.pinned.items())
            raise ValueError(
                f"UnitPruning found nothing to act on in the model `{self.model.name}`: no unit "
                f"can go. {reasons or 'It has no layer with units'}."
            )
        if self._total not in (None, found.total):
            raise ValueError(
                f"UnitPruning was used on a model of {self._total:,} numbers; this one has "
                f"{found.total:,}. Make a new callback for it."
            )
        self._total, self._found = found.total, found
        self._unit_lasso = UnitLasso(found) if self.lasso else None
        self._counts = None if self.units is None else counts_of(found, self.units)
        self._kept(1.0)  # raises where it is impossible
        self._epoch, self._is_ready, self._masks = 0, False, []

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if not self._is_ready:  # now all callbacks have restored what they restore
            self._is_ready = True
            self._prune(self._epoch)

    def on_train_batch_end(self, batch, logs=None):
        is_drawn = self._unit_lasso is not None and self._epoch < self.end_epoch
        if self._masks or is_drawn:
            self._sync()
            self._zero()
        if is_drawn:
            self._unit_lasso.step(self.lasso * self.model.optimizer.learning_rate)

    def on_epoch_end(self, epoch, logs=None):
        sizes = self._prune(epoch + 1)
        self._epoch = epoch + 1
        if logs is not None:
            logs["kept_params"] = self._found.params(sizes)

    def on_train_end(self, logs=None):
        self._sync()
        self._zero()  # optimisers that average weights have put the averages in their place
        if self._epoch < self.end_epoch:
            warnings.warn(
                f"Training ended after {self._epoch} epochs, before `end_epoch` = "
                f"{self.end_epoch} of UnitPruning: more units should have gone. Train on.",
                stacklevel=2,
            )

    def _prune(self, epochs):
        """Sets to zero what should have gone after so many epochs; returns how many are left."""
        self._sync()
        found = self._found
        kept = self._kept(self.share_gone(epochs))
        dead = [
            was_dead | ~np.isin(np.arange(size), group_kept)
            for was_dead, size, group_kept in zip(dead_units(found), found.sizes, kept, strict=True)
        ]
        masks = [(w.weight, _mask(w, dead)) for w in found.weights if not w.is_statistic]
        self._masks = [(w, ops.convert_to_tensor(m, w.dtype)) for w, m in masks if not m.all()]
        self._zero()
        # The lasso may leave less than `lrkeras.shrink` can.
        return [len(k) for k in as_many_each(found, [np.flatnonzero(~gone) for gone in dead])]

    def _kept(self, share):
        """The units that stay once this share of what is to go has gone."""
        found, norms = self._found, unit_norms(self._found)
        if self._counts is not None:
            sizes = found.sizes
            counts = {g: round(sizes[g] - share * (sizes[g] - c)) for g, c in self._counts.items()}
            return kept_to_counts(norms, counts)
        gone = share * (1 - 1 / self.compression)
        return kept_to_params(found, norms, found.total * (1 - gone))

    def _zero(self):
        for weight, mask in self._masks:
            weight.assign(weight * mask)


def _mask(weight, dead):
    """Ones, and zeros where a weight belongs to a unit that is gone."""
    mask = np.ones(weight.weight.shape, "float32")
    for axis in range(mask.ndim):
        for group in weight.groups(axis):
            index = [slice(None)] * mask.ndim
            index[axis] = weight.places(axis, group)[dead[group]].ravel()
            mask[tuple(index)] = 0
    return mask
