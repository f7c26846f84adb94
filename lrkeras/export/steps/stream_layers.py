"""What layers around the recurrent ones become in a model of some time steps."""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.form import Form
from lrkeras.export.steps.attention_step import (
    AttentionStep,
    attention_refusal,
    check_causal,
    is_attention,
    read_by,
    window_of,
)
from lrkeras.export.steps.conv_recurrent_step import ConvRecurrentStep, conv_state_shape
from lrkeras.export.steps.delay_step import WindowStep
from lrkeras.export.steps.operation_axes import reduces_time, takes_last_step
from lrkeras.export.steps.pointwise_layers import PointwiseStep, check_pointwise
from lrkeras.export.steps.sliding_step import SlidingStep, SlidingWindow, is_sliding
from lrkeras.export.steps.stream_states import StreamStates
from lrkeras.export.steps.time_axis import STATIC, TimeAxes, TimeAxis
from lrkeras.export.steps.time_shapes import changes_length, with_other_length
from lrkeras.model_graph.input_kinds import fixed_length
from lrkeras.model_graph.layers_of import all_layers

# Over a window of fixed length, whose last steps are a state.
_OVER_WINDOWS = (
    keras.layers.Flatten,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalMaxPooling1D,
)
_LAST_ONLY = (
    "form='sequence' (with steps=... where the length is open), padding='causal' or 'valid' in the "
    "layers before it, or return_sequences=True"
)


class StreamLayers:
    """Calls layers with some time steps, and keeps in states what they need of those before.

    Args:
        form: What runs at once.
        add_state: `add_state(name, shape)` makes a state, `shape` without the batch: the name it
            got, and its tensor.
        new_states: Takes the new value of each state by name.
        layers: Takes the layers that were called.
        model: The model that they belong to.

    Attributes:
        axes: The time axis of every tensor.
    """

    def __init__(
        self,
        form: Form,
        add_state: Callable[[str, tuple[int, ...]], tuple[str, Any]],
        new_states: dict[str, Any],
        layers: list[keras.layers.Layer],
        model: keras.Model,
    ):
        self.axes = TimeAxes()
        self._form = form
        self._states = StreamStates(add_state, new_states, layers)
        self._length = fixed_length(model)
        self._stride = _stride_of(model)

    def aligned(self, layer: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict, TimeAxis]:
        """Makes all that a call reads equally late: arguments, and the time axis of the result."""
        tensors = _tensors((args, kwargs))
        axis = self.axes.joined(layer.name, tensors)
        if not axis.is_timed:
            return args, kwargs, axis

        def late(tensor: Any) -> Any:
            known = self.axes.of(tensor) if isinstance(tensor, keras.KerasTensor) else axis
            behind = axis.delay - known.delay if known.is_timed else 0
            return self._states.delayed(layer.name, tensor, behind) if behind else tensor

        args, kwargs = keras.tree.map_structure(late, (args, kwargs))
        return args, kwargs, axis

    def call(
        self,
        layer: Any,
        node: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        called: Callable[..., Any],
    ) -> Any:
        """Calls a layer or an operation that is not recurrent.

        Args:
            layer: The layer.
            node: Its call in the user's model.
            args: What it is called with.
            kwargs: By name.
            called: `called(layer, args, kwargs)` calls it as it is.

        Raises:
            ConversionError: If it cannot be run in this form.
        """
        args, kwargs, axis = self.aligned(layer, args, kwargs)
        if not axis.is_timed:
            return self._without_time(layer, node, args, kwargs, axis, called)
        x = _tensors((args, kwargs))[0]
        if changes_length(layer):
            _check_read(layer, axis)
            return self.axes.note(*with_other_length(layer, x, axis, self._states))
        if is_sliding(layer):
            return self._sliding(layer, node, x, axis, called)
        return self._in_place(layer, node, args, kwargs, axis, called)

    def _in_place(
        self, layer: Any, node: Any, args: Any, kwargs: Any, axis: TimeAxis, called: Callable
    ) -> Any:
        """Calls a layer that gives as many steps as it reads, or one result of all."""
        _check_read(layer, axis)
        x, source = _tensors((args, kwargs))[0], node.input_tensors[0].shape
        if _is_reshape(layer):
            return self._reshaped(layer, x, source, node.output_tensors[0].shape, axis)
        if len(source) > 2 and _is_over_window(layer, len(source)):
            return self._over_window(layer, x, source, axis, args, kwargs, called)
        if is_attention(layer):
            return self._attention(layer, node, args, kwargs, axis)
        return self._pointwise(layer, args, kwargs, axis, called)

    def _pointwise(
        self, layer: Any, args: Any, kwargs: dict[str, Any], axis: TimeAxis, called: Callable
    ) -> Any:
        if takes_last_step(layer, args):
            return self._last_step(layer, args[0], axis)
        rank = len(_tensors(args)[0].shape)
        if not isinstance(layer, keras.layers.Flatten):  # of one number a step, it changes nothing
            check_pointwise(layer, rank, args)
        kwargs.pop("mask", None)
        return self.axes.note(called(layer, args, kwargs), axis)

    def recurrent(self, layer: keras.layers.RNN, axis: TimeAxis, results: list[Any]) -> list[Any]:
        """Takes note of what a recurrent layer gives: its output, then its states.

        Raises:
            ConversionError: If it is the result of a whole sequence, whose end comes later.
        """
        _check_read(layer, axis)
        if not layer.return_sequences and axis.lacks_end:
            raise _without_end(layer, axis)
        self.axes.note(results[0], axis if layer.return_sequences else axis.last())
        self.axes.note(results[1:], axis.last())
        return results

    def conv_recurrent(self, layer: Any, node: Any, args: Any, kwargs: Any) -> list[Any]:
        """Calls a convolutional LSTM: output and new states."""
        if kwargs.get("mask") is not None or len(_tensors(args)) > 1:
            raise ConversionError(
                f"Expected neither a mask nor initial states in the call of `{layer.name}` in the "
                f"form {self._form.name!r}. Use form='sequence'."
            )
        x = _tensors(args)[0]
        axis = self.axes.of(x)
        shape = conv_state_shape(layer, node.input_tensors[0].shape)
        shapes = {"h": shape, "c": shape}
        results = self._states.run(layer, ConvRecurrentStep(layer), [x], shapes, begun=axis.begun)
        return self.recurrent(layer, axis, results)

    def _without_time(
        self, layer: Any, node: Any, args: Any, kwargs: Any, axis: TimeAxis, called: Callable
    ) -> Any:
        if isinstance(layer, keras.layers.RepeatVector):
            steps = node.output_tensors[0].shape[1]
            if axis.kind != STATIC or steps not in (self._length, self._form.steps):
                raise ConversionError(
                    f"Expected RepeatVector of an input that has no steps, to as many as the "
                    f"model has, received `{layer.name}`, which repeats what a whole sequence "
                    f"gave or makes {steps} steps. Use form='sequence'."
                )
            repeated = ops.repeat(ops.expand_dims(args[0], 1), self._form.steps or 1, axis=1)
            return self.axes.note(repeated, TimeAxis())
        if isinstance(layer, keras.layers.Reshape):
            shape = tuple(node.output_tensors[0].shape[1:])
            return self.axes.note(ops.reshape(args[0], (self._form.batch, *shape)), axis)
        if isinstance(layer, keras.layers.Lambda):
            check_pointwise(layer, len(args[0].shape), args)
        kwargs.pop("mask", None)
        return self.axes.note(called(layer, args, kwargs), axis)

    def _sliding(self, layer: Any, node: Any, x: Any, axis: TimeAxis, called: Callable) -> Any:
        window = SlidingWindow.of(layer, axis, node.input_tensors[0].shape[1])
        if x.shape[1] % window.stride:
            raise self._uneven(layer, window.stride)
        if window.size == window.stride == 1 and axis.delay >= 0:
            return self.axes.note(called(layer, (x,), {}), axis)
        if axis.begun is not None and window.before:
            x = x * ops.expand_dims(axis.begun, -1)
        shapes = {"inputs": (window.before, int(x.shape[-1]))} if window.before else {}
        output = self._states.run(layer, SlidingStep(layer, window), [x], shapes)[0]
        begun = self._states.begun(layer.name, output, window.axis.delay)
        return self.axes.note(output, window.axis.late(0, begun))

    def _attention(self, layer: Any, node: Any, args: Any, kwargs: Any, axis: TimeAxis) -> Any:
        read = read_by(layer, args, kwargs)
        if not all(self.axes.of(tensor).is_timed for tensor in read):
            raise attention_refusal(layer, "over what has no steps, or of other steps")
        check_causal(layer, node.input_tensors, kwargs)
        step = AttentionStep(layer, window_of(layer, node.input_tensors[0].shape[1]))
        shapes = step.state_shapes(*read[1:])
        output = self._states.run(layer, step, read, shapes, begun=axis.begun)[0]
        return self.axes.note(output, axis)

    def _reshaped(self, layer: Any, x: Any, before: Any, after: Any, axis: TimeAxis) -> Any:
        numbers, made = math.prod(before[2:]), math.prod(after[2:])
        if len(after) > 1 and after[1] == before[1] and numbers == made:
            shape = (self._form.batch, x.shape[1], *after[2:])
            return self.axes.note(ops.reshape(x, shape), axis)
        if len(after) == 2 and before[1] is not None:
            flat = keras.layers.Flatten(name=layer.name)
            return self._over_window(flat, x, before, axis, (x,), {}, _call_as_it_is)
        stacked = made // numbers
        if len(after) < 3 or made % numbers or not stacked or axis.delay % stacked:
            raise ConversionError(
                f"Expected a Reshape that keeps the time axis, received `{layer.name}`, which "
                f"makes {tuple(after)} of {tuple(before)}. Use form='sequence'."
            )
        if x.shape[1] % stacked:
            raise self._uneven(layer, stacked)
        begun = None if axis.begun is None else axis.begun[:, ::stacked]
        joined = TimeAxis(
            rate=axis.rate * stacked,
            delay=axis.delay // stacked,
            lacks_end=axis.lacks_end,
            begun=begun,
        )
        shape = (self._form.batch, x.shape[1] // stacked, *after[2:])
        return self.axes.note(ops.reshape(x, shape), joined)

    def _over_window(
        self, layer: Any, x: Any, source: Any, axis: TimeAxis, args: Any, kwargs: Any, called: Any
    ) -> Any:
        length = source[1]
        if length is None or axis.lacks_end or kwargs.get("mask") is not None:
            reason = "a mask" if kwargs.get("mask") is not None else "look-ahead before it"
            if length is None:
                reason = "a model whose length is open: there is no window to keep"
            raise ConversionError(
                f"Expected a window of fixed length in front of `{layer.name}` "
                f"({type(layer).__name__}), received {reason}. Build the model with "
                "keras.Input((length, ...)) and without mask or look-ahead, or use form='sequence'."
            )
        window = x[:, -1:]
        if length > 1:
            shape = (length - 1, *map(int, x.shape[2:]))
            shapes = {f"{layer.name}_window": shape}
            window = self._states.kept(shapes, WindowStep(length), [x])[0]
        rest = args[1:] if isinstance(args, (list, tuple)) else ()
        return self.axes.note(called(layer, (window, *rest), kwargs), axis.last())

    def _last_step(self, layer: Any, x: Any, axis: TimeAxis) -> Any:
        if axis.lacks_end:
            raise _without_end(layer, axis)
        last = ops.reshape(x[:, -1:], (x.shape[0], *x.shape[2:]))
        return self.axes.note(last, axis.last())

    def _uneven(self, layer: Any, stride: int) -> ConversionError:
        return ConversionError(
            f"Expected a chunk of a multiple of {stride} steps for `{layer.name}` "
            f"({type(layer).__name__}), which makes one step of {stride}, received the form "
            f"{self._form.name!r}. Use form='chunk_{math.lcm(self._stride, stride)}', or a "
            "multiple of it, or form='sequence'."
        )


def _check_read(layer: Any, axis: TimeAxis) -> None:
    """Refuses zeros that no convolution has read."""
    if axis.padding:
        raise ConversionError(
            f"Expected the {axis.padding} zeros of a ZeroPadding1D to be read by a convolution "
            f"that is wider by as many steps, received `{layer.name}` ({type(layer).__name__}), "
            "which has them as steps of their own. Use form='sequence'."
        )


def _without_end(layer: Any, axis: TimeAxis) -> ConversionError:
    return ConversionError(
        f"Expected inputs without look-ahead in `{layer.name}`, which gives the result of a whole "
        "sequence, received some of layers with padding='same', which know the end of a sequence "
        f"only {math.ceil(axis.delay * axis.rate)} steps after it. Use {_LAST_ONLY}."
    )


def _stride_of(model: keras.Model) -> int:
    """Steps of a chunk that all strides and poolings of a model divide."""
    layers = [layer for layer in all_layers(model, unwrapped=False) if _is_strided(layer)]
    return math.prod(SlidingWindow.of(layer, TimeAxis(), None).stride for layer in layers)


def _is_strided(layer: Any) -> bool:
    try:
        return is_sliding(layer)
    except ConversionError:
        return False


def _is_over_window(layer: Any, rank: int) -> bool:
    if isinstance(layer, keras.layers.Layer):
        return isinstance(layer, _OVER_WINDOWS)
    return reduces_time(layer, rank)


def _is_reshape(layer: Any) -> bool:
    return isinstance(layer, keras.layers.Reshape) or type(layer).__name__ == "Reshape"


def _tensors(structure: Any) -> list[Any]:
    found = keras.tree.flatten(structure)
    return [item for item in found if isinstance(item, keras.KerasTensor)]


def _call_as_it_is(layer: Any, args: Any, kwargs: Any) -> Any:
    return PointwiseStep(layer)(*args)
