"""Following hidden units through the graph of a model."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from lrkeras.model_graph.graph_walk import outputs_of, walk_graph
from lrkeras.model_graph.layers_of import has_graph, single_layers
from lrkeras.model_graph.units import passing_layers
from lrkeras.model_graph.units.space import Axis, Space, merge_axes, pin_all, width_of
from lrkeras.model_graph.units.weight_roles import (
    INPUTS,
    PROJECTION,
    UNITS,
    WeightRoles,
    cell_roles,
    has_known_cells,
    is_convolution,
    is_dense,
    is_table,
    matrix_roles,
)


@dataclasses.dataclass
class Held:
    """A weight and what lies along its axes.

    Attributes:
        weight: The variable.
        axes: The spaces along each axis.
        reads: The axes along which it is multiplied with units; units are made along the others.
        is_statistic: Whether it is measured (means and variances) rather than trained.
    """

    weight: Any
    axes: list[Axis]
    reads: set[int]
    is_statistic: bool = False


@dataclasses.dataclass
class _Known:
    """What is known of a layer that was met before: a second call meets the same."""

    inputs: Axis | None
    units: Space
    projection: Space | None


class UnitWalk:
    """Walks through a model once.

    Args:
        model: A built Sequential or Functional model.
        through_normalization: Whether units pass a LayerNormalization or RMSNormalization, which
            then takes its statistics over those that are left.

    Attributes:
        held: The weights in which units lie, by identity.
        sizes: For the identity of a layer with sizes in its config: the layer, and what lies along
            each of these by the name of the argument.
        spaces: All spaces of units, in the order in which they were met.
        alike: Pairs of spaces that have to have the same number of units.
        pinned: Reason by name of units that were never met.
    """

    def __init__(self, model: keras.Model, through_normalization: bool = False):
        self._through_norms = through_normalization
        self.held: dict[int, Held] = {}
        self.sizes: dict[int, tuple[Any, dict[str, Axis]]] = {}
        self.spaces: list[Space] = []
        self.alike: list[tuple[Space, Space]] = []
        self._paths = {id(layer): path for path, layer, _ in single_layers(model)}
        self._axes: dict[int, Axis] = {}
        self._known: dict[int, _Known] = {}
        self._inner: dict[int, list[Axis]] = {}
        self._kept: list[Any] = []  # so that no identity is used twice
        for axis in self._walk(model):
            for space in axis:
                space.pin("it is an output of the model", replaces=True)
        self.pinned = {
            path: "it is inside a layer that cannot be followed"
            for path, layer, _ in single_layers(model)
            if (hasattr(layer, "units") or is_table(layer))
            and id(layer) not in self._known
            and id(getattr(layer, "cell", None)) not in self._known
        }

    def _walk(self, model: keras.Model) -> list[Axis]:
        return [self._axis_of(output) for output in walk_graph(model, self._visit)]

    def _axis_of(self, tensor: Any) -> Axis:
        if id(tensor) not in self._axes:
            width = (tensor.shape[-1] if tensor.shape else 1) or 1
            self._set_axis(tensor, [Space(width, reason="an input of the model goes with it")])
        return self._axes[id(tensor)]

    def _set_axis(self, tensor: Any, axis: Axis) -> None:
        self._kept.append(tensor)
        self._axes[id(tensor)] = axis

    def _visit(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = outputs_of(operation, *args, **kwargs)
        flat = keras.tree.flatten(outputs)
        found = self._through(operation, flat, args, kwargs)
        for output, axis in zip(flat, found, strict=True):
            if output.shape and output.shape[-1] not in (None, width_of(axis)):
                raise AssertionError(f"{operation.name}: {width_of(axis)}, {output.shape}")
            self._set_axis(output, axis)
        return outputs

    def _through(self, operation: Any, outputs: list, args: tuple, kwargs: dict) -> list[Axis]:
        """What lies along the last axis of each output; what has to stay is pinned."""
        # The last axis of a mask is time.
        kwargs = {name: v for name, v in kwargs.items() if name not in ("mask", "training")}
        tensors = _tensors((args, kwargs))
        axes = [self._axis_of(t) for t in tensors]
        layer = passing_layers.unwrapped(operation)
        if isinstance(layer, keras.Model) and has_graph(layer):
            found = self._through_model(layer, axes)
        elif has_known_cells(layer):
            found = self._through_recurrent(layer, axes)
        elif is_table(layer):
            found = self._through_table(layer, axes, outputs, args, kwargs)
        elif is_dense(layer) or is_convolution(layer):
            found = self._through_matrix(layer, axes)
        elif passing_layers.is_matrix_product(layer):
            found = self._through_product(layer, axes)
        elif self._passes_normalization(layer, tensors):
            found = self._through_normalization(layer, axes[0])
        else:
            passed = passing_layers.passed_axis(layer, tensors, axes, outputs, args, kwargs)
            if isinstance(passed, str) or len(outputs) != 1:
                reason = passed if isinstance(passed, str) else "it has several outputs"
                return self._stopped(f"`{operation.name}` reads it: {reason}", axes, outputs)
            if type(layer) is keras.layers.Reshape:
                self.sizes[id(layer)] = (layer, {"target_shape": passed})
            found = [passed]
        return found

    def _passes_normalization(self, layer: Any, tensors: list) -> bool:
        if passing_layers.is_batch_normalization(layer, tensors):
            return True
        return self._through_norms and passing_layers.normalizes_units_together(layer, tensors)

    def _stopped(self, reason: str, axes: list[Axis], outputs: list) -> list[Axis]:
        pin_all(axes, reason)
        widths = [(o.shape[-1] if o.shape else 1) or 1 for o in outputs]
        return [[Space(width, reason=reason)] for width in widths]

    def _through_model(self, model: keras.Model, axes: list[Axis]) -> list[Axis]:
        pin_all(axes, f"it goes into the model `{model.name}`, whose inputs have fixed sizes")
        if id(model) not in self._inner:
            self._inner[id(model)] = self._walk(model)
        return self._inner[id(model)]

    # --- layers with matrices -------------------------------------------------------------------

    def _through_recurrent(self, layer: Any, axes: list[Axis]) -> list[Axis]:
        if type(layer) is not keras.layers.Bidirectional:
            out, states = self._through_cell(layer, axes[0], axes[1:])
            return [out, *states] if layer.return_state else [out]
        half = 1 + len(axes[1:]) // 2
        forward, before = self._through_cell(layer.forward_layer, axes[0], axes[1:half])
        backward, after = self._through_cell(layer.backward_layer, axes[0], axes[half:])
        # Keras takes the shape of one direction for that of the other.
        own = zip([forward, *before], [backward, *after], strict=True)
        self.alike += [(one[0], other[0]) for one, other in own]
        if layer.merge_mode == "concat":
            made = [[*forward, *backward]]
        elif layer.merge_mode is None:
            made = [forward, backward]
        else:
            made = [merge_axes([forward, backward], f"`{layer.name}` puts its directions together")]
        return [*made, *before, *after] if layer.return_state else made

    def _through_cell(self, layer: Any, inputs: Axis, given: list[Axis]) -> tuple[Axis, list[Axis]]:
        """What lies along the output of a recurrent layer, and along its states."""
        cell = layer.cell
        known = self._meet(cell, layer, *cell_roles(cell), inputs)
        units, projection = known.units, known.projection
        out = [projection or units]
        count = len(cell.state_size) if isinstance(cell.state_size, (list, tuple)) else 1
        states = [out, [units]][:count]
        for own, initial in zip(states, given, strict=False):
            merge_axes([own, initial], f"it is the initial state of `{layer.name}`")
        sizes: dict[str, Axis] = {"units": [units]}
        if projection is not None:
            sizes["projection_units"] = [projection]
        sized = cell if type(layer) is keras.layers.RNN else layer
        self.sizes[id(sized)] = (sized, sizes)
        return out, states

    def _through_matrix(self, layer: Any, axes: list[Axis]) -> list[Axis]:
        roles, reason = matrix_roles(layer)
        known = self._meet(layer, layer, roles, reason, axes[0])
        key = "filters" if is_convolution(layer) else "units"
        self.sizes[id(layer)] = (layer, {key: [known.units]})
        return [[known.units]]

    def _through_product(self, layer: Any, axes: list[Axis]) -> list[Axis]:
        """A product with a matrix whose outputs stay."""
        stays = f"the outputs of {type(layer).__name__} have sizes in its equation"
        made = Space(layer.kernel.shape[1], self._paths.get(id(layer), layer.name), stays)
        self.spaces.append(made)
        roles = [WeightRoles(layer.kernel, ((INPUTS, 1), None))]
        self._hold(roles, {INPUTS: axes[0]})
        self._known[id(layer)] = _Known(axes[0], made, None)
        return [[made]]

    def _through_table(self, layer: Any, axes, outputs: list, args, kwargs) -> list[Axis]:
        reverse = bool(kwargs.get("reverse") or (len(args) > 1 and args[1]))
        roles, reason = matrix_roles(layer)
        known = self._meet(layer, layer, roles, reason, None)
        self.sizes[id(layer)] = (layer, {"output_dim": [known.units]})
        if not reverse:
            pin_all(axes, f"`{layer.name}` looks it up")
            return [[known.units]]
        merge_axes([[known.units], axes[0]], f"`{layer.name}` multiplies it with its table")
        for role in roles:
            untied = getattr(layer, "reverse_embeddings", None)
            if untied is None or role.weight is untied:
                axis = next(i for i, a in enumerate(role.axes) if a is not None)
                self.held[id(role.weight)].reads.add(axis)
        return [[Space(o.shape[-1], reason="it is a vocabulary")] for o in outputs]

    def _through_normalization(self, layer: Any, axis: Axis) -> list[Axis]:
        for weight in layer.weights:
            held = Held(weight, [axis], set(), is_statistic=weight.name.startswith("moving"))
            self._add(held)
        return [axis]

    def _meet(self, key: Any, layer: Any, roles, reason, inputs: Axis | None) -> _Known:
        """The spaces of a layer or cell, made at its first call."""
        known = self._known.get(id(key))
        if known is not None:
            if inputs is not None and known.inputs is not None:
                merge_axes([known.inputs, inputs], f"`{layer.name}` is called on several inputs")
            return known
        path = self._paths.get(id(layer)) or self._paths.get(id(key), layer.name)
        width = getattr(key, "output_dim" if is_table(key) else "units", None) or key.filters
        units, projection = Space(width, path, reason), None
        self.spaces.append(units)
        if getattr(key, "projection_units", None) is not None:
            projection = Space(key.projection_units, f"{path}.projection", reason)
            self.spaces.append(projection)
        known = self._known[id(key)] = _Known(inputs, units, projection)
        if not roles:
            pin_all([inputs or []], f"`{layer.name}` reads it: {reason}")
        along: dict[str, Axis] = {INPUTS: inputs or [], UNITS: [units]}
        if projection is not None:
            along[PROJECTION] = [projection]
        self._hold(roles, along)
        return known

    def _hold(self, roles: list[WeightRoles], along: dict[str, Axis]) -> None:
        for role in roles:
            axes = [
                [Space(size, reason="it is no unit")] if a is None else along[a[0]] * a[1]
                for a, size in zip(role.axes, role.weight.shape, strict=True)
            ]
            # What a matrix is multiplied with lies along its last axis but one.
            matrix = len(role.axes) > 1 and role.axes[-2] is not None
            self._add(Held(role.weight, axes, {len(axes) - 2} if matrix else set()))

    def _add(self, held: Held) -> None:
        before = self.held.setdefault(id(held.weight), held)
        if before is not held:
            for mine, theirs in zip(before.axes, held.axes, strict=True):
                merge_axes([mine, theirs], "several layers share a weight")


def _tensors(nested: Any) -> list[Any]:
    return [t for t in keras.tree.flatten(nested) if isinstance(t, keras.KerasTensor)]
