"""What the absence of a unit does to the outputs of a model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.model_graph.copy_model import copy_model
from lrkeras.model_graph.float32_copy import as_float32
from lrkeras.model_graph.units.hidden_units import UnitWeight, find_units
from lrkeras.model_graph.units.unit_norms import summed

# Random directions in all; the estimate has a relative standard deviation of sqrt(2 / 64).
_DIRECTIONS = 64


def output_changes(
    model: keras.Model, examples: list[Any], seed: int = 0, through_normalization: bool = False
) -> list[np.ndarray]:
    """How far the outputs of a model move when a unit is taken out, to first order.

    With a gate `m` on what reads a unit (1 as it is, 0 without it) the outputs `y` move by about
    `dy/dm = sum_e w_e dy/dw_e` over the weights `w_e` that the unit's output is multiplied with.
    This is the first-order Taylor criterion of Molchanov et al. 2017 (arXiv 1611.06440) in the
    form of 2019 (arXiv 1906.10771, a group of weights as a gate), of the outputs themselves in
    place of a loss: the change is `sum |dy/dm|^2` over all examples, steps and outputs. It is
    estimated as the mean of `(v . dy/dm)^2` over random signs `v` (Hutchinson 1989).

    Args:
        model: A model, not changed.
        examples: Batches of inputs, each a list of arrays in the order of `model.inputs`.
        seed: Of the random signs.
        through_normalization: As for `find_units`.

    Returns:
        For each group of `find_units` `(units,)`, float64.

    Raises:
        ValueError: If no output is a float that depends on a weight, or one is not finite.
    """
    copy, pairs = copy_model(as_float32(model), lambda layer: None)
    for old, new in pairs:
        new.set_weights(old.get_weights())
    _thaw(copy)
    units = find_units(copy, through_normalization)
    probe = _Probe.of(copy)
    optimizer = _GradientKeeper()
    probe.compile(optimizer, auto_scale_loss=False)
    rng = np.random.default_rng(seed)
    times = max(1, round(_DIRECTIONS / len(examples)))
    sums = [np.zeros(size) for size in units.sizes]
    for batch in examples:
        outputs = [np.asarray(o) for o in keras.tree.flatten(probe.predict_on_batch(batch))]
        if not all(np.isfinite(o).all() for o in outputs):
            raise ValueError("The outputs on `calibration` are not finite. Look at its inputs.")
        for _ in range(times):
            signs = [rng.choice([-1.0, 1.0], o.shape).astype("float32") for o in outputs]
            probe.train_on_batch(batch, signs)
            found = summed(units, lambda w, value: value * _gradient(optimizer, w), True)
            sums = [total + np.square(f) / times for total, f in zip(sums, found, strict=True)]
    return sums


def _thaw(layer: keras.layers.Layer) -> None:
    """Lets everything in a model have gradients."""
    layer.trainable = True
    for inner in layer.layers if isinstance(layer, keras.Model) else []:
        _thaw(inner)


def _gradient(optimizer: _GradientKeeper, weight: UnitWeight) -> np.ndarray:
    return np.asarray(optimizer.of(weight.weight), np.float64)


class _Probe(keras.Model):
    """Computes as at inference while it is trained, with a product as its loss."""

    @classmethod
    def of(cls, model: keras.Model) -> _Probe:
        floats = [o for o in model.outputs if "float" in str(o.dtype)]
        if not floats:
            raise ValueError(
                f"`calibration` needs a model with outputs in floating point; those of "
                f"`{model.name}` are {[str(o.dtype) for o in model.outputs]}. Leave it out."
            )
        return cls(model.inputs, floats, name="probe")

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        pairs = zip(keras.tree.flatten(y), keras.tree.flatten(y_pred), strict=True)
        return sum(ops.sum(ops.multiply(ops.cast(o, "float32"), signs)) for signs, o in pairs)


class _GradientKeeper(keras.optimizers.Optimizer):
    """Keeps the gradient of every variable and changes none."""

    def __init__(self):
        super().__init__(learning_rate=1.0, name="gradient_keeper")

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self._kept = [self.add_variable_from_reference(v, name="gradient") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        kept = self._kept[self._get_variable_index(variable)]
        self.assign(kept, ops.cast(ops.convert_to_tensor(gradient), kept.dtype))

    def of(self, variable):
        return ops.convert_to_numpy(self._kept[self._get_variable_index(variable)])
