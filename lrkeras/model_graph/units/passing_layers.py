"""Layers and operations without matrices, through which units pass."""

from __future__ import annotations

import math
from typing import Any

import keras

from lrkeras.model_graph.einsum_product import multiplies_last_axis
from lrkeras.model_graph.units.space import Axis, merge_axes
from lrkeras.model_graph.units.weight_roles import is_dense, is_elementwise

L = keras.layers
# Layers whose outputs have, along the last axis, what their input has there.
_TRANSPARENT = (
    L.Activation,
    L.ActivityRegularization,
    L.AlphaDropout,
    L.AveragePooling1D,
    L.Cropping1D,
    L.Dropout,
    L.ELU,
    L.GaussianDropout,
    L.GaussianNoise,
    L.GlobalAveragePooling1D,
    L.GlobalMaxPooling1D,
    L.Identity,
    L.LeakyReLU,
    L.MaxPooling1D,
    L.ReLU,
    L.RepeatVector,
    L.SpatialDropout1D,
    L.UpSampling1D,
    L.ZeroPadding1D,
)
# Of the same units in several tensors; each is what it was where the others are zero or not there.
_MERGES = (L.Add, L.Average, L.Maximum, L.Minimum, L.Multiply, L.Subtract)
_STATISTICS = (
    L.GroupNormalization,
    L.LayerNormalization,
    L.RMSNormalization,
    L.UnitNormalization,
)
# Operations of `keras.ops` between layers, by class name.
_MERGE_OPERATIONS = frozenset({"Add", "Maximum", "Minimum", "Multiply", "Subtract"})
_ELEMENTWISE_OPERATIONS = frozenset(
    {
        "Absolute",
        "Cast",
        "Elu",
        "Exp",
        "Gelu",
        "HardSigmoid",
        "LeakyRelu",
        "Negative",
        "Relu",
        "Relu6",
        "Sigmoid",
        "Silu",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Square",
        "Tanh",
    }
)
_REDUCTIONS = frozenset({"Max", "Mean", "Min", "Sum"})


def unwrapped(operation: Any) -> Any:
    """The layer that a TimeDistributed calls, where that is the same as calling it at once."""
    if type(operation) is not L.TimeDistributed:
        return operation
    inner = operation.layer
    plain = is_dense(inner) or type(inner) in (L.Activation, L.Dropout, L.ReLU)
    return inner if plain or is_matrix_product(inner) else operation


def is_matrix_product(layer: Any) -> bool:
    """Whether an EinsumDense multiplies the last axis with a matrix."""
    if type(layer) is not L.EinsumDense or getattr(layer, "quantization_mode", None) is not None:
        return False
    if getattr(layer, "lora_enabled", False):
        return False
    return multiplies_last_axis(layer)


def is_batch_normalization(layer: Any, tensors: list) -> bool:
    """Whether a layer normalises each unit by itself."""
    if type(layer) is not L.BatchNormalization:
        return False
    return layer.axis in (-1, len(tensors[0].shape) - 1)


def normalizes_units_together(layer: Any, tensors: list) -> bool:
    """Whether a layer normalises all units of a step together, with a weight for each."""
    if type(layer) not in (L.LayerNormalization, L.RMSNormalization):
        return False
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    return [axis % len(tensors[0].shape) for axis in axes] == [len(tensors[0].shape) - 1]


def passed_axis(
    layer: Any, tensors: list, axes: list[Axis], outputs: list, args: tuple, kwargs: dict
) -> Axis | str:
    """What lies along the last axis of the output, or the reason why units cannot be followed."""
    if not isinstance(layer, L.Layer):
        return _through_operation(layer, tensors, axes, args, kwargs)
    if type(layer) in _MERGES:
        return _merged(tensors, axes, layer.name)
    if type(layer) is L.Concatenate:
        return _concatenated(layer.axis, tensors, axes, layer.name)
    if type(layer) is L.Dot:
        return _summed_over_time(layer, tensors, axes)
    return _through_single(layer, tensors[0], axes[0], outputs[0])


def _through_single(layer: Any, tensor: Any, axis: Axis, output: Any) -> Axis | str:
    """What `passed_axis` gives for a layer with one input."""
    found: Axis | str
    if type(layer) in _STATISTICS:
        found = "it takes statistics over all units, which change with their number"
    elif type(layer) is L.Flatten:
        found = _flattened(layer, tensor, axis)
    elif type(layer) in (L.Reshape, L.Permute):
        kept = output.shape[-1] == tensor.shape[-1]
        if type(layer) is L.Permute:
            kept = layer.dims[-1] == len(layer.dims)
        found = axis if kept else "the last axis of its output is another one"
    elif type(layer) in _TRANSPARENT:
        found = _transparent(layer, axis)
    else:
        found = f"what {type(layer).__name__} does with single units is not known"
    return found


def _summed_over_time(layer: Any, tensors: list, axes: list[Axis]) -> Axis | str:
    """Of a Dot that adds up time steps, each with the same weight for every unit."""
    over_time = layer.axes in (1, (1, 1), [1, 1]) and not layer.normalize
    single = over_time and tensors[0].shape[-1] == 1
    return axes[1] if single else "it multiplies units with one another"


def _transparent(layer: Any, axis: Axis) -> Axis | str:
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return "its channels do not come last"
    noise = getattr(layer, "noise_shape", None)
    if noise is not None and list(noise)[-1] not in (None, 1):
        return "the shape of its noise is fixed"
    if type(layer) is L.Activation and not is_elementwise(layer.activation):
        return "its activation may mix units"
    return axis


def _flattened(layer: Any, tensor: Any, axis: Axis) -> Axis | str:
    between = tensor.shape[1:-1]
    if layer.data_format != "channels_last" or any(size is None for size in between):
        return "the number of steps that it flattens is not known"
    return axis * math.prod(between)


def _merged(tensors: list, axes: list[Axis], name: str) -> Axis | str:
    # A single number for all units is no unit of theirs.
    wide = [a for t, a in zip(tensors, axes, strict=True) if t.shape and t.shape[-1] != 1]
    return merge_axes(wide or axes[:1], f"`{name}` puts it together with other units")


def _concatenated(axis: int, tensors: list, axes: list[Axis], name: str) -> Axis:
    if axis in (-1, len(tensors[0].shape) - 1):
        return [space for part in axes for space in part]
    return merge_axes(axes, f"`{name}` puts it together with other units")


def _through_operation(
    operation: Any, tensors: list, axes: list[Axis], args: tuple, kwargs: dict
) -> Axis | str:
    """What `passed_axis` gives for an operation of `keras.ops`."""
    kind = type(operation).__name__
    found: Axis | str = f"what the operation {kind} does with single units is not known"
    if not type(operation).__module__.startswith("keras."):
        return found
    if kind in _MERGE_OPERATIONS or kind in _ELEMENTWISE_OPERATIONS:
        others = [a for a in keras.tree.flatten((args, kwargs)) if not _is_symbolic(a)]
        if any(tuple(getattr(other, "shape", ())) not in ((), (1,)) for other in others):
            return "it is put together with a constant of a fixed size"
        found = _merged(tensors, axes, operation.name)
    elif kind == "Concatenate":
        found = _concatenated(operation.axis, tensors, axes, operation.name)
    elif kind in _REDUCTIONS and _spares_last(operation, tensors[0]):
        found = axes[0]
    elif kind == "GetItem":
        found = axes[0] if _takes_all(args, tensors[0]) else "it takes some of the units"
    return found


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor)


def _spares_last(operation: Any, tensor: Any) -> bool:
    rank = len(tensor.shape)
    axis = operation.axis
    if axis is None:
        return False
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return all(a % rank != rank - 1 for a in axes)


def _takes_all(args: tuple, tensor: Any) -> bool:
    """Whether `tensor[key]` leaves the last axis as it is."""
    key = args[1] if isinstance(args[1], tuple) else (args[1],)
    if any(k is Ellipsis or not isinstance(k, (int, slice)) for k in key):
        return False
    return len(key) < len(tensor.shape) or key[-1] == slice(None)
