"""A Keras model of one time step, made from a recurrent model."""

import dataclasses
import re
from typing import Any

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.pointwise_layers import check_pointwise
from lrkeras.export.pointwise_step import PointwiseStep
from lrkeras.export.recurrent_step import RecurrentStep, check_recurrent


@dataclasses.dataclass
class StepModel:
    """One time step of a model, with every state as an input and an output of the same name.

    Attributes:
        model: Keras model `[*inputs, *states] -> [*outputs, *new_states]`, all with a batch of
            one; inputs and outputs keep their time axis, with length one.
        input_names, output_names, state_names: In the order of the model.
        layers: The layers of the user's model that are in it, once for each use.
        lowerings: How the cell of a recurrent layer is computed, where it is not as usual.
    """

    model: keras.Model
    input_names: list[str]
    output_names: list[str]
    state_names: list[str]
    layers: list[keras.layers.Layer]
    lowerings: dict[str, Any]

    @classmethod
    def of(cls, model: keras.Model, cell_step: Any = lambda layer: None) -> "StepModel":
        """Makes the step model of a built Sequential or Functional model; weights are shared.

        Args:
            model: The model, in float32.
            cell_step: `cell_step(layer)` gives the callable that computes the cell of a recurrent
                layer, or None for the cell itself.

        Raises:
            ConversionError: If a layer cannot be run a step at a time.
        """
        return _Builder(model, cell_step).build()

    def zero_states(self) -> list[np.ndarray]:
        """States at the start of a sequence."""
        inputs = self.model.inputs[len(self.input_names) :]
        return [np.zeros(tensor.shape, np.float32) for tensor in inputs]


class _Builder:
    """Walks a functional model and rebuilds it for one time step."""

    def __init__(self, model: keras.Model, cell_step: Any):
        self._source = model
        self._cell_step = cell_step
        self._taken: set[str] = set()
        # States of each recurrent layer, by its identity; taken out as the layer is called.
        self._states: dict[int, dict[str, Any]] = {}
        self._new_states: dict[str, Any] = {}
        self._layers: list[keras.layers.Layer] = []
        self._lowerings: dict[str, Any] = {}

    def build(self) -> StepModel:
        inputs = [_step_input(tensor) for tensor in self._source.inputs]
        names = self._free([_plain(tensor.name) for tensor in self._source.inputs])
        for layer in all_layers(self._source):
            if isinstance(layer, keras.layers.RNN):
                self._states[id(layer)] = self._state_inputs(layer)
        states = {n: t for named in self._states.values() for n, t in named.items()}
        self._state_tensors = list(states.values())
        outputs = self._run(self._source, inputs)
        if not states:
            raise ConversionError(
                "Expected a model with a recurrent layer (LSTM, GRU, SimpleRNN, RNN, RHN), "
                f"received `{self._source.name}` without one: a step has nothing to carry on."
            )
        new_states = [self._new_states[name] for name in states]
        return StepModel(
            model=keras.Model([*inputs, *self._state_tensors], [*outputs, *new_states]),
            input_names=names,
            output_names=self._free([_plain(name) for name in _output_names(self._source)]),
            state_names=list(states),
            layers=self._layers,
            lowerings=self._lowerings,
        )

    def _run(self, model: keras.Model, inputs: list[Any]) -> list[Any]:
        # The states must be inputs of the clone already, though nothing reads them in the source.
        source = keras.Model([*model.inputs, *self._state_tensors], model.outputs)
        cloned = keras.models.clone_model(
            source,
            input_tensors=[*inputs, *self._state_tensors],
            clone_function=lambda layer: layer,
            call_function=self._call,
        )
        return cloned.outputs

    def _call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, keras.Model):
            return self._nested(layer, args, kwargs)
        if isinstance(layer, keras.layers.RNN):
            return self._recurrent(layer, args, kwargs)
        first = keras.tree.flatten(args)[0]
        check_pointwise(layer, has_time_axis=len(first.shape) > 2)
        if not isinstance(layer, keras.layers.Layer):
            return layer(*args, **kwargs)
        self._layers.append(layer)
        kwargs.pop("training", None)
        kwargs.pop("mask", None)
        return PointwiseStep(layer)(*args, **kwargs)

    def _nested(self, model: keras.Model, args: tuple[Any, ...], kwargs: Any) -> Any:
        if kwargs.get("mask") is not None:
            raise ConversionError(
                f"Expected no mask on the inputs of the model `{model.name}` inside the model, "
                "received one. Put the embedding or masking layer into it."
            )
        args = keras.tree.flatten(args)
        inputs = [keras.Input(batch_shape=x.shape, dtype=x.dtype) for x in args]
        outside = set(self._new_states)
        outputs = self._run(model, inputs)
        inside = {n: t for n, t in self._new_states.items() if n not in outside}
        # A functional model of its own, which the outer one calls like a layer.
        step = keras.Model([*inputs, *self._state_tensors], [*outputs, *inside.values()])
        results = keras.tree.flatten(step([*args, *self._state_tensors]))
        self._new_states.update(zip(inside, results[len(outputs) :], strict=True))
        return results[0] if len(outputs) == 1 else results[: len(outputs)]

    def _state_inputs(self, layer: keras.layers.RNN) -> dict[str, Any]:
        check_recurrent(layer)
        sizes = keras.tree.flatten(layer.cell.state_size)
        return {
            name: keras.Input(batch_shape=(1, int(size)), name=name, dtype="float32")
            for name, size in zip(self._free(_state_names(layer, len(sizes))), sizes, strict=True)
        }

    def _recurrent(self, layer: keras.layers.RNN, args: tuple[Any, ...], kwargs: Any) -> Any:
        if len(args) > 1 or kwargs.get("initial_state") is not None:
            raise ConversionError(
                f"Expected no initial_state in the call of `{layer.name}`, received one: a step "
                "file takes every state as an input. Convert the model without it, feed the state."
            )
        if id(layer) not in self._states:
            raise ConversionError(
                f"Expected each recurrent layer to be called once, received `{layer.name}` with "
                "several calls, which would share one state. Use a layer for each call."
            )
        states = self._states.pop(id(layer))
        self._layers.append(layer)
        cell_step = self._cell_step(layer)
        if cell_step is not None:
            self._lowerings[layer.name] = cell_step
        output, *new_states = RecurrentStep(layer, cell_step)(
            [args[0], *states.values()], mask=kwargs.get("mask")
        )
        self._new_states.update(zip(states, new_states, strict=True))
        return [output, *new_states] if layer.return_state else output

    def _free(self, names: list[str]) -> list[str]:
        """Makes names differ from all given out before, and marks them as taken."""
        result = []
        for name in names:
            free, count = name, 1
            while free in self._taken:
                free, count = f"{name}_{count}", count + 1
            self._taken.add(free)
            result.append(free)
        return result


def all_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model, and of the models inside it."""
    found = []
    for layer in model.layers:
        found.extend(all_layers(layer) if isinstance(layer, keras.Model) else [layer])
    return found


def _output_names(model: keras.Model) -> list[str]:
    return keras.Model(model.inputs, model.outputs).output_names


def _state_names(layer: keras.layers.RNN, count: int) -> list[str]:
    base = _plain(layer.name)
    if isinstance(layer.cell, keras.layers.LSTMCell):
        return [f"{base}_h", f"{base}_c"]
    if count == 1:
        return [f"{base}_h"]
    return [f"{base}_state_{index}" for index in range(count)]


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _step_input(tensor: Any) -> Any:
    if tensor.dtype == "string":
        raise ConversionError(
            f"Expected numeric inputs, received `{tensor.name}` of dtype string. Put the text "
            "processing outside the model: a step file takes token ids."
        )
    if getattr(tensor, "ragged", False) or getattr(tensor, "sparse", False):
        raise ConversionError(
            f"Expected dense inputs, received `{tensor.name}`, which is ragged or sparse."
        )
    shape = list(tensor.shape)
    if len(shape) < 2 or any(size is None for size in shape[2:]):
        raise ConversionError(
            "Expected inputs of shape (batch, time) or (batch, time, features) with known "
            f"features, received `{tensor.name}` of shape {tuple(shape)}."
        )
    # Without features an input is a sequence of tokens, even if Keras calls it float32.
    whole = len(shape) == 2 or tensor.dtype.startswith(("int", "uint"))
    dtype = "int32" if whole else "float32"
    return keras.Input(batch_shape=(1, 1, *shape[2:]), dtype=dtype, name=_plain(tensor.name))
