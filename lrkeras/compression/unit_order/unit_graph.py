"""The order of the hidden units of recurrent layers, which is free."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.compression.matrices.owners import owner_of
from lrkeras.compression.matrices.recurrent_owner import RecurrentOwner
from lrkeras.model_graph.copy_model import copy_model
from lrkeras.model_graph.layers_of import inner_layers
from lrkeras.model_graph.producers import StandIn

# Layers whose outputs have, along the last axis, what their input has there.
_TRANSPARENT = (
    keras.layers.ActivityRegularization,
    keras.layers.Cropping1D,
    keras.layers.Dropout,
    keras.layers.ELU,
    keras.layers.Flatten,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.Identity,
    keras.layers.LeakyReLU,
    keras.layers.Masking,
    keras.layers.ReLU,
    keras.layers.RepeatVector,
    keras.layers.Reshape,
    keras.layers.SpatialDropout1D,
    keras.layers.ZeroPadding1D,
)
_MIXED = object()  # an axis whose order is not known any more


class UnitGraph:
    """Where the hidden units of each recurrent layer of a model go.

    An LSTM computes the same with its units in another order, if whatever reads them is reordered
    alike. That is possible where all readers multiply by a matrix; the order shows elsewhere, for
    example in the outputs of the model.

    Args:
        model: A built Sequential or Functional model.

    Attributes:
        readers: For the name of each layer whose order is free, the layers that read its units:
            `(layer, first row)` of the units in the matrix of their input.
        layers: These layers by name.
    """

    def __init__(self, model: keras.Model):
        self.layers: dict[str, keras.layers.Layer] = {}
        self.readers: dict[str, list[tuple[keras.layers.Layer, int]]] = {}
        self._fixed: set[str] = set()
        # What lies along the last axis of each tensor: names of layers, or widths of other things.
        self._axes: dict[int, list[Any]] = {}
        self._kept: list[Any] = []  # so that no identity is used twice
        source = keras.Model(model.inputs, model.outputs)
        # A walk through the graph in order; nothing of what it makes is used.
        made = keras.models.clone_model(
            source, clone_function=lambda layer: layer, call_function=self._call
        )
        for output in made.outputs:
            self._fix(self._axes.get(id(output), []))
        for name in self._fixed:
            self.layers.pop(name, None)
            self.readers.pop(name, None)

    def _call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = StandIn(layer)(*args, **kwargs)
        tensors = [
            t for t in keras.tree.flatten((args, kwargs)) if isinstance(t, keras.KerasTensor)
        ]
        axes = [self._axes.get(id(t), [t.shape[-1]]) for t in tensors]
        flat = keras.tree.flatten(outputs)
        result = self._along(layer, tensors, axes, flat)
        self._kept += [*tensors, *flat]
        for output in flat:
            self._axes[id(output)] = result if result is not _MIXED else [output.shape[-1]]
        return outputs

    def _along(self, layer: Any, tensors: list, axes: list, outputs: list) -> Any:
        """What lies along the last axis of the outputs; what must keep its order is fixed."""
        owner = owner_of(layer) if isinstance(layer, keras.layers.Layer) else None
        wrapped = layer.layer if type(layer) is keras.layers.TimeDistributed else layer
        if isinstance(wrapped, keras.layers.Layer) and _has_input_matrix(wrapped):
            self._read(wrapped, axes[0])
            self._fix(part for axis in axes[1:] for part in axis)
            free = isinstance(owner, RecurrentOwner) and len(outputs) == 1
            return self._units(layer) if free else _MIXED
        kept = _kept_axis(layer, tensors, axes, outputs)
        if kept is None:
            self._fix(part for axis in axes for part in axis)
            return _MIXED
        return kept

    def _units(self, layer: keras.layers.Layer) -> list[str]:
        if layer.name in self.layers or getattr(layer.cell, "projection_units", None) is not None:
            self._fixed.add(layer.name)  # called twice, or recurs in another space
            return [layer.name]
        if layer.stateful:
            self._fixed.add(layer.name)
        self.layers[layer.name] = layer
        self.readers[layer.name] = []
        return [layer.name]

    def _read(self, layer: keras.layers.Layer, axis: list) -> None:
        first = 0
        for part in axis:
            if isinstance(part, str):
                self.readers[part].append((layer, first))
                first += self.layers[part].cell.units
            else:
                first += part

    def _fix(self, parts: Any) -> None:
        self._fixed.update(part for part in parts if isinstance(part, str))


def reorder_units(
    model: keras.Model, orders: Mapping[str, Sequence[int] | np.ndarray]
) -> keras.Model:
    """Makes a copy of a model with the hidden units of some layers in another order.

    The copy computes the same outputs: what reads the units is reordered alike.

    Args:
        model: A built Sequential or Functional model without structures in the layers concerned.
        orders: For the name of a layer, the old index of each of its new units.

    Raises:
        ValueError: If the order of a layer is not free, or is no permutation.
    """
    graph = UnitGraph(model)
    copy, pairs = copy_model(model, lambda layer: None)
    counterpart = {id(old): new for old, new in pairs}
    for old, new in pairs:
        new.set_weights(old.get_weights())
    for name, order in orders.items():
        if name not in graph.layers:
            raise ValueError(
                f"The order of the units of `{name}` is not free: something other than a matrix "
                f"reads them. Free: {sorted(graph.layers)}."
            )
        layer = counterpart[id(graph.layers[name])]
        index = np.asarray(order)
        if sorted(index.tolist()) != list(range(layer.cell.units)):
            raise ValueError(
                f"Expected a permutation of the {layer.cell.units} units of `{name}`, received "
                f"{len(index)} indices."
            )
        _reorder_layer(layer, index)
        for reader, first in graph.readers[name]:
            _reorder_rows(counterpart[id(reader)], first, index)
    return copy


def _reorder_layer(layer: keras.layers.Layer, index: np.ndarray) -> None:
    cell = layer.cell
    units = cell.units
    gates = cell.kernel.shape[1] // units
    columns = np.concatenate([gate * units + index for gate in range(gates)])
    cell.kernel.assign(ops.convert_to_numpy(cell.kernel)[:, columns])
    cell.recurrent_kernel.assign(ops.convert_to_numpy(cell.recurrent_kernel)[index][:, columns])
    if cell.bias is not None:
        cell.bias.assign(ops.convert_to_numpy(cell.bias)[..., columns])


def _reorder_rows(layer: keras.layers.Layer, first: int, index: np.ndarray) -> None:
    kernel = getattr(layer, "cell", layer).kernel
    value = ops.convert_to_numpy(kernel).copy()
    value[first : first + len(index)] = value[first + index]
    kernel.assign(value)


def _has_input_matrix(layer: keras.layers.Layer) -> bool:
    owner = owner_of(layer)
    if owner is None or owner.roles[0] != "kernel" or inner_layers(layer):
        return False
    return not any(owner.held(role) for role in owner.roles)


def _kept_axis(layer: Any, tensors: list, axes: list, outputs: list) -> list | None:
    """The last axis of the outputs of a layer without matrices, or `None` if it is not known."""
    if isinstance(layer, _TRANSPARENT) or _is_elementwise(layer):
        return axes[0] if tensors[0].shape[-1] == outputs[0].shape[-1] else None
    if isinstance(layer, keras.layers.Concatenate):
        last = layer.axis in (-1, len(tensors[0].shape) - 1)
        return [part for axis in axes for part in axis] if last else None
    if isinstance(layer, keras.layers.Dot):
        # A sum over time, with the same weight for every unit.
        over_time = layer.axes in (1, (1, 1), [1, 1]) and not layer.normalize
        return axes[1] if over_time and axes[0] == [1] else None
    if isinstance(layer, (keras.layers.Multiply, keras.layers.Add)):
        wide = [axis for axis in axes if axis != [1]]
        return wide[0] if wide and all(axis == wide[0] for axis in wide) else None
    return None


def _is_elementwise(layer: Any) -> bool:
    if not isinstance(layer, keras.layers.Activation):
        return False
    return layer.activation not in (keras.activations.softmax, keras.activations.log_softmax)
