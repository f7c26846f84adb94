"""Walks a functional model and rebuilds it for the time steps of a form."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_failure import failed_layer
from lrkeras.export.form import Form
from lrkeras.export.steps.conv_recurrent_step import is_conv_recurrent
from lrkeras.export.steps.implicit_masks import ImplicitMasks
from lrkeras.export.steps.mel_step import check_mel
from lrkeras.export.steps.pointwise_layers import PointwiseStep
from lrkeras.export.steps.recurrent_cell import RecurrentCell
from lrkeras.export.steps.recurrent_step import RecurrentStep, check_recurrent, is_recurrent
from lrkeras.export.steps.sample_stream import SampleStream, sample_inputs_of, transposed
from lrkeras.export.steps.step_inputs import sample_input, state_input, step_input
from lrkeras.export.steps.step_model import StepModel
from lrkeras.export.steps.stream_layers import StreamLayers
from lrkeras.export.steps.tensor_names import TensorNames, output_names, state_names
from lrkeras.export.steps.time_axis import STATIC, TimeAxis
from lrkeras.layers import MelSpectrogram
from lrkeras.model_graph.input_kinds import reads_ids, timed_inputs
from lrkeras.model_graph.layers_of import all_layers
from lrkeras.model_graph.run_graph import run_graph


class StepBuilder:
    """Makes one `StepModel`, which shares the weights of a built Sequential or Functional model.

    Args:
        model: The user's model, in float32.
        cell_of: Gives the cell of a recurrent layer; the same one for every form of a file.
        form: What runs at once, its length settled; a single step if None.
        state_names: What the states of recurrent layers are called, by name of the layer, where
            not after the layer.
    """

    def __init__(
        self,
        model: keras.Model,
        cell_of: Callable[[keras.layers.RNN], RecurrentCell] = RecurrentCell,
        form: Form | None = None,
        state_names: Mapping[str, Sequence[str]] | None = None,
    ):
        self._named_states = state_names or {}
        self._source = model
        self._cell_of = cell_of
        self._form = form or Form()
        self._names = TensorNames()
        # States of each layer that has some, by its identity; taken out as the layer is called.
        self._states: dict[int, dict[str, Any]] = {}
        self._state_tensors: dict[str, Any] = {}
        self._new_states: dict[str, Any] = {}
        self._layers: list[keras.layers.Layer] = []
        self._cells: dict[int, RecurrentCell] = {}
        self._stream = SampleStream()
        self._around = StreamLayers(
            self._form, self._add_state, self._new_states, self._layers, model
        )
        self._masks = ImplicitMasks(self._form)
        self._has_others = False  # recurrent layers that Keras runs

    def build(self) -> StepModel:
        """Makes the model.

        Raises:
            ConversionError: If a layer cannot be run in this form.
        """
        spectrograms = sample_inputs_of(self._source)
        ids = reads_ids(self._source)
        timed = [id(tensor) for tensor in self._timed_inputs()]
        inputs = [
            sample_input(tensor, self._form, spectrograms[index].sequence_stride)
            if index in spectrograms
            else self._input(tensor, ids[index], id(tensor) in timed)
            for index, tensor in enumerate(self._source.inputs)
        ]
        if self._form.has_states:
            for index in spectrograms:
                self._stream.add(inputs[index])
        names = self._names.free(tensor.name for tensor in self._source.inputs)
        self._check_batch(bool(spectrograms))
        static = [n for n, t in zip(names, self._source.inputs, strict=True) if id(t) not in timed]
        for name, tensor in zip(names, inputs, strict=True):
            self._around.axes.note(tensor, TimeAxis(STATIC) if name in static else TimeAxis())
        layers = all_layers(self._source, unwrapped=False) if self._form.has_states else []
        for layer in layers:
            if isinstance(layer, keras.layers.RNN) and not is_conv_recurrent(layer):
                self._states[id(layer)] = self._recurrent_states(layer)
            elif check_mel(layer):
                (name,) = self._names.free([f"{layer.name}_samples"])
                # A state of no samples is no tensor: one that nothing reads takes its place.
                shape = (1, max(1, layer.overlap))  # a batch of one, see `_check_batch`
                self._states[id(layer)] = {name: state_input(name, shape)}
        for named in self._states.values():
            self._state_tensors.update(named)
        outputs = self._run(self._source, inputs)
        states = self._state_tensors
        has_recurrent = states or self._cells or self._has_others
        if not has_recurrent and self._form.kind in ("step", "chunk"):
            raise ConversionError(
                "Expected a model with a recurrent layer (LSTM, GRU, SimpleRNN, RNN, RHN), "
                f"received `{self._source.name}` without one: a step has nothing to carry on. "
                "Convert with form='sequence', which runs a whole window."
            )
        new_states = [self._new_states[name] for name in states]
        return StepModel(
            model=keras.Model([*inputs, *states.values()], [*outputs, *new_states]),
            input_names=names,
            output_names=self._names.free(output_names(self._source)),
            state_names=list(states),
            layers=self._layers,
            lowerings={
                layer: cell.cell_step
                for layer, cell in self._cells.items()
                if cell.cell_step is not None
            },
            form=self._form,
            cells=list(self._cells.values()),
            spectrograms={names[index]: layer for index, layer in spectrograms.items()},
            float_weights=[step.float_weight for step in self._stream.steps],
            half_weights=[w for step in self._stream.steps for w in step.half_weights],
            output_axes=self._output_axes(outputs),
            rate=self._around.axes.slowest,
            static_inputs=static if self._form.has_states else [],
        )

    def _timed_inputs(self) -> list[Any]:
        return timed_inputs(self._source)

    def _input(self, tensor: Any, is_ids: bool, is_timed: bool) -> Any:
        return step_input(tensor, self._form, is_ids, is_timed)

    def _run(self, model: keras.Model, inputs: list[Any]) -> list[Any]:
        return run_graph(model, inputs, self._call)

    def _call(self, layer: Any, node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            return self._called_in_form(layer, node, args, kwargs)
        except ConversionError as error:
            error.layer = error.layer or layer.name
            raise
        except (TypeError, ValueError) as error:
            raise failed_layer(layer, self._form.name, error) from error

    def _called_in_form(self, layer: Any, node: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
        streams = self._form.has_states
        if streams and self._stream.is_spectrogram(layer, args):
            return self._spectrogram(layer, args[0])
        if isinstance(layer, keras.Model):
            return self._nested(layer, args, kwargs)
        if streams and is_conv_recurrent(layer):
            return self._around.conv_recurrent(layer, node, args, kwargs)
        if isinstance(layer, keras.layers.RNN) and not self._is_left_to_keras(layer):
            return self._recurrent(layer, args, kwargs)
        if isinstance(layer, keras.layers.Bidirectional) and not streams:
            return self._bidirectional(layer, args, kwargs)
        return (self._streaming if streams else self._in_sequence)(layer, node, args, kwargs)

    def _in_sequence(self, layer: Any, node: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
        return self._called(layer, args, kwargs)

    def _is_left_to_keras(self, layer: keras.layers.RNN) -> bool:
        """Whether a whole sequence runs through a recurrent layer that has no step here."""
        if self._form.has_states or is_recurrent(layer):
            return False
        self._has_others = True
        return True

    def _streaming(self, layer: Any, node: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
        if self._stream.is_permute(args):
            return transposed(args[0])
        result = self._around.call(layer, node, args, kwargs, self._called)
        return self._stream.follows(args, result)

    def _called(self, layer: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
        kwargs.pop("training", None)
        if not isinstance(layer, keras.layers.Layer):
            return layer(*args, **kwargs)
        self._layers.append(layer)
        kwargs = self._masks.arguments(layer, args, kwargs)
        options = {name: kwargs.pop(name) for name in [*kwargs] if not _has_tensor(kwargs[name])}
        result = PointwiseStep(layer, options)(*args, **kwargs)
        self._masks.follow(layer, args, {**kwargs, **options}, result)
        return result

    def _nested(self, model: keras.Model, args: tuple[Any, ...], kwargs: Any) -> Any:
        inputs = keras.tree.flatten(args)
        self._masks.note(inputs, kwargs.get("mask"))
        return self._run(model, inputs)

    def _recurrent_states(self, layer: keras.layers.RNN) -> dict[str, Any]:
        try:
            check_recurrent(layer, self._form)
        except ConversionError as error:
            error.layer = layer.name
            raise
        sizes = keras.tree.flatten(layer.cell.state_size)
        wanted = self._named_states.get(layer.name) or state_names(layer, len(sizes))
        names = self._names.free(wanted)
        batch = self._form.batch
        return {n: state_input(n, (batch, int(s))) for n, s in zip(names, sizes, strict=True)}

    def _add_state(self, name: str, shape: tuple[int, ...]) -> tuple[str, Any]:
        """Makes a state while the graph is built: its name, and the tensor."""
        (free,) = self._names.free([name])
        self._state_tensors[free] = state_input(free, (self._form.batch, *shape))
        return free, self._state_tensors[free]

    def _output_axes(self, outputs: list[Any]) -> list[TimeAxis] | None:
        """The time axes of the outputs; None for whole sequences."""
        if not self._form.has_states:
            return None
        axes = [self._around.axes.of(tensor) for tensor in outputs]
        for tensor, axis in zip(self._source.outputs, axes, strict=True):
            if axis.padding:
                error = ConversionError(
                    "Expected a convolution after a ZeroPadding1D, received an output of the "
                    "model. Use form='sequence'."
                )
                error.layer = tensor._keras_history.operation.name
                raise error
        return axes

    def _check_batch(self, has_samples: bool) -> None:
        if has_samples and self._form.batch > 1:
            raise ConversionError(
                "Expected batch=1 for a model that makes mel spectrograms of raw samples, received "
                f"batch={self._form.batch}. Use StepRunner.stream() for each stream."
            )

    def _recurrent(self, layer: keras.layers.RNN, args: tuple[Any, ...], kwargs: Any) -> Any:
        given = args[1] if len(args) > 1 else kwargs.get("initial_state")
        if given is not None and self._form.has_states:
            raise ConversionError(
                f"Expected no initial_state in the call of `{layer.name}` in the form "
                f"{self._form.name!r}, received one that is computed: a step file takes every "
                "state as an input. Convert an encoder and a decoder trained together with "
                "form='seq2seq', which computes the state once; a model with one input, which "
                "gives a whole result for it, with form='sequence'."
            )
        axis = TimeAxis()
        if self._form.has_states:
            args, kwargs, axis = self._around.aligned(layer, args, kwargs)
        mask = kwargs.get("mask")
        results, states = self._steps(layer, args[0], mask, keras.tree.flatten(given), axis)
        if self._form.has_states:
            results = self._around.recurrent(layer, axis, results)
        output, *new_states = results
        self._new_states.update(zip(states, new_states, strict=False))
        self._masks.follow(layer, args, {"mask": mask}, results)
        return results if layer.return_state else output

    def _steps(
        self,
        layer: keras.layers.RNN,
        x: Any,
        mask: Any,
        initial: Sequence[Any] = (),
        axis: TimeAxis | None = None,
    ) -> tuple[list[Any], dict]:
        """What `RecurrentStep` returns, and the states that it was called with."""
        given = any(state is not None for state in initial)
        mask = self._masks.of(x) if mask is None and not given else mask
        # The graphs of encoder and decoder show all masks that they have.
        masked = mask is not None or not (given or self._form.kind in ("encode", "decode"))
        check_recurrent(layer, self._form, masked=mask is not None)
        if id(layer) in self._cells:
            raise ConversionError(
                f"Expected each recurrent layer to be called once, received `{layer.name}` with "
                "several calls, which would share one state. Use a layer for each call."
            )
        if axis is not None and axis.begun is not None:
            # What comes before the first step of the sequence leaves the states at zeros.
            begun = ops.greater(axis.begun, 0.5)
            mask = begun if mask is None else ops.logical_and(mask, begun)
        self._layers.append(layer)
        cell = self._cells[id(layer)] = self._cell_of(layer)
        whole = not self._form.has_states
        batch, steps, features = map(int, x.shape)
        cell.prepare(features, steps, batch, mask is not None, whole)
        states = self._states.pop(id(layer), {})
        before = [*states.values()] or [state for state in initial if state is not None]
        return RecurrentStep(cell, self._form, masked)([x, *before], mask=mask), states

    def _bidirectional(
        self, layer: keras.layers.Bidirectional, args: tuple[Any, ...], kwargs: Any
    ) -> Any:
        if len(args) > 1 or kwargs.get("initial_state") is not None:
            raise ConversionError(f"Expected no initial_state in the call of `{layer.name}`.")
        mask = kwargs.get("mask")
        forward, _ = self._steps(layer.forward_layer, args[0], mask)
        backward, _ = self._steps(layer.backward_layer, args[0], mask)
        first, second = forward[0], backward[0]
        if layer.return_sequences:
            second = ops.flip(second, axis=1)
        results = _MERGES[layer.merge_mode](first, second)
        if layer.return_state:
            results = [*keras.tree.flatten(results), *forward[1:], *backward[1:]]
        self._masks.follow(layer, args, {"mask": mask}, results)
        return results

    def _spectrogram(self, layer: MelSpectrogram, x: Any) -> Any:
        if id(layer) not in self._states:
            raise ConversionError(
                f"Expected each mel spectrogram to be called once, received `{layer.name}` with "
                "several calls, which would share one state. Use a layer for each call."
            )
        self._layers.append(layer)
        ((name, before),) = self._states.pop(id(layer)).items()
        spectrogram, self._new_states[name] = self._stream.spectrogram(layer, x, before)
        return spectrogram


_MERGES: dict[str | None, Callable] = {
    "concat": lambda first, second: ops.concatenate([first, second], axis=-1),
    "sum": lambda first, second: first + second,
    "ave": lambda first, second: (first + second) / 2,
    "mul": lambda first, second: first * second,
    None: lambda first, second: [first, second],
}


def _has_tensor(value: Any) -> bool:
    return any(isinstance(item, keras.KerasTensor) for item in keras.tree.flatten(value))
