"""Which layers give each time step the result it has inside the whole sequence."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.steps.operation_axes import refusal_of_operation

# Layers that look at one time step whatever their settings are.
POINTWISE = (
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "Average",
    "BatchNormalization",
    "Concatenate",
    "Dense",
    "Dropout",
    "ELU",
    "Embedding",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNormalization",
    "Identity",
    "InputLayer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "PReLU",
    "RMSNormalization",
    "ReLU",
    "Rescaling",
    "ReversibleEmbedding",
    "Softmax",
    "SpatialDropout1D",
    "Subtract",
    "TimeDistributed",
    "UnitNormalization",
)
_WHOLE_SEQUENCE = {
    "Bidirectional": "it reads the sequence backwards too, so it needs all of it",
    "Lambda": "what it does cannot be checked",
    "Permute": "it moves the time axis",
    "GlobalAveragePooling1D": "it needs the whole sequence",
    "GlobalMaxPooling1D": "it needs the whole sequence",
}
_ALONG_LAST_AXIS = ("Dense", "PReLU")
_ADVICE = (
    "Convert with form='sequence', which runs a whole window and takes any layer; or take it out, "
    "or convert the part of the model before or after it."
)
_OWN_LAYER = "it is not known to act on single time steps (if it does, put it in TimeDistributed)"


def check_pointwise(operation: keras.Operation, rank: int, args: tuple[Any, ...] = ()) -> None:
    """Checks that a layer or operation may be called with one time step instead of a sequence.

    Args:
        operation: A layer, or an operation of `keras.ops` in a functional model.
        rank: Axes of what it reads: (batch, time) or (batch, time, ...).
        args: What it is called with.

    Raises:
        ConversionError: If the result would differ from that inside the sequence.
    """
    kind = _keras_class(operation)
    if not isinstance(operation, keras.layers.Layer):
        reason = refusal_of_operation(operation, rank, args)
        if reason is not None:
            raise _refusal(operation, kind, reason)
        return
    if isinstance(operation, keras.layers.Permute) and operation.dims[0] == 1:
        return
    if kind not in POINTWISE:
        raise _refusal(operation, kind, _WHOLE_SEQUENCE.get(kind, _OWN_LAYER))
    if isinstance(operation, keras.layers.TimeDistributed):
        if isinstance(operation.layer, keras.layers.Lambda):
            raise _refusal(operation, "Lambda", _WHOLE_SEQUENCE["Lambda"])
        return  # whatever is inside sees one time step by definition
    _check_axes(operation, kind, rank)


def _check_axes(layer: keras.Operation, kind: str, rank: int) -> None:
    axis = getattr(layer, "axis", -1 if kind in _ALONG_LAST_AXIS else None)
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    # Input is (batch, time, ...): axis 1 is time.
    if any(isinstance(a, int) and a % rank in (0, 1) for a in axes):
        raise _refusal(layer, kind, f"axis={axis} runs along time")
    if kind == "GroupNormalization":
        raise _refusal(layer, kind, "its statistics run along time")
    if kind == "PReLU" and (len(layer.alpha.shape) > 1 and layer.alpha.shape[0] != 1):
        raise _refusal(layer, kind, "it has a slope for each time step (set shared_axes=[1])")


def _keras_class(operation: keras.Operation) -> str:
    """Name of the Keras class that an operation is or, for one of ours, extends."""
    for cls in type(operation).__mro__:
        if cls.__module__.startswith("keras."):
            return cls.__name__ if cls is type(operation) or _is_ours(operation) else "custom"
    return "custom"


def _is_ours(operation: keras.Operation) -> bool:
    return type(operation).__module__.startswith("lrkeras.")


def _refusal(operation: keras.Operation, kind: str, reason: str) -> ConversionError:
    return ConversionError(
        f"Expected layers that act on single time steps around the recurrent ones, received "
        f"`{operation.name}` ({type(operation).__name__}): {reason}. {_ADVICE}"
    )


@contextlib.contextmanager
def _unrolled(layer: keras.layers.Layer) -> Iterator[None]:
    """While it lasts, a recurrent layer that Keras runs has no loop, which files cannot hold."""
    inside = [one for one in layer._flatten_layers() if isinstance(one, keras.layers.RNN)]
    before = [one.unroll for one in inside]
    try:
        for one in inside:
            one.unroll = True
        yield
    finally:
        for one, unroll in zip(inside, before, strict=True):
            one.unroll = unroll


class PointwiseStep(keras.layers.Layer):
    """Calls a layer that acts on single time steps, without leaving a trace in its graph.

    The layer belongs to the user's model; calling it directly while a functional model is built
    would add a second node to it.

    Args:
        layer: The built layer.
        options: Arguments of its calls that are no tensors; Keras takes no mixture of both.
    """

    def __init__(self, layer: keras.layers.Layer, options: dict[str, Any] | None = None):
        super().__init__(dtype="float32")
        self.layer = layer
        self._options = (options or {},)  # a tuple: not tracked
        self.built = True
        self.supports_masking = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer for inference; a `TimeDistributed` calls the layer it wraps."""
        if isinstance(self.layer, keras.layers.TimeDistributed):
            # The time steps of all sequences become one batch.
            batch, steps, *rest = args[0].shape
            with _unrolled(self.layer):
                result = self.layer.layer(ops.reshape(args[0], (batch * steps, *rest)))
            return ops.reshape(result, (batch, steps, *result.shape[1:]))
        if "query_mask" in kwargs:
            # `MultiHeadAttention` takes the argument, and reads the tensor.
            query = args[0] if args else kwargs["query"]
            query._keras_mask = kwargs["query_mask"]
        with _unrolled(self.layer):
            return self.layer(*args, **kwargs, **self._options[0])

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Asks the layer, which knows without being traced."""
        return self.layer.compute_output_spec(*args, **kwargs, **self._options[0])

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None
