"""Causal attention over a window of steps, with the keys and values before them as states."""

import inspect
from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.export.conversion_error import ConversionError

_HEADS = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)
_ATTENTIONS = (keras.layers.Attention, keras.layers.AdditiveAttention, *_HEADS)
# What makes a score small enough for a weight of zero, within the range of float16.
_HIDDEN = -3e4


class AttentionStep(keras.layers.Layer):
    """Runs a causal attention of some steps over those of a window that were seen.

    `call([query, key, value, *states])` takes tensors (batch, steps, features) and the keys, the
    values and which of them are steps of the sequence, `window - 1` of each; it returns the output
    (batch, steps, features) and the new states. States of zeros are the start of a sequence.

    Args:
        layer: A built layer for which `is_attention` is true.
        window: Steps that a step reads, itself the last of them.
    """

    def __init__(self, layer: keras.layers.Layer, window: int):
        super().__init__(dtype="float32")
        self.layer = layer
        self.window = window
        self.built = True
        self.supports_masking = True
        self._has_heads = type(layer) in _HEADS

    def state_shapes(self, key: Any, value: Any) -> dict[str, tuple[int, ...]]:
        """Shapes of the states by name, without the batch."""
        before = self.window - 1
        if not before:
            return {}
        sizes = [key.shape[2:], value.shape[2:]]
        if self._has_heads:
            dense = (self.layer._key_dense, self.layer._value_dense)
            sizes = [one.kernel.shape[1:] for one in dense]
        keys, values = ((*map(int, size[:-1]), before, int(size[-1])) for size in sizes)
        return {"keys": keys, "values": values, "seen": (before, 1)}

    def call(self, inputs: list[Any], begun: Any = None) -> list[Any]:
        """Runs the steps; `begun` (batch, steps) is zero before the sequence."""
        query, key, value, *before = inputs
        batch, steps = query.shape[:2]
        seen = ops.ones((batch, steps, 1)) if begun is None else ops.expand_dims(begun, -1)
        new = [*self._keys_and_values(key, value), seen]
        parts = new
        if before:
            parts = [ops.concatenate(pair, axis=-2) for pair in zip(before, new, strict=True)]
        hidden = self._hidden(parts[-1], steps)
        attend = self._of_heads if self._has_heads else self._of_one
        after = [part[..., steps:, :] for part in parts] if before else []
        return [attend(query, parts[0], parts[1], hidden), *after]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None

    def _keys_and_values(self, key: Any, value: Any) -> list[Any]:
        if not self._has_heads:
            return [key, value]
        projected = [self.layer._key_dense(key), self.layer._value_dense(value)]
        return [ops.transpose(one, (0, 2, 1, 3)) for one in projected]

    def _hidden(self, seen: Any, steps: int) -> Any:
        """(batch, steps, keys): zero, or `_HIDDEN` for what a step does not read."""
        hidden = ops.swapaxes((1.0 - seen) * _HIDDEN, 1, 2)
        if steps == 1:
            return hidden
        ahead = np.arange(seen.shape[1]) - np.arange(steps)[:, None]
        read = (ahead >= 0) & (ahead < self.window)
        return hidden + np.where(read, 0.0, _HIDDEN).astype("float32")

    def _of_one(self, query: Any, keys: Any, values: Any, hidden: Any) -> Any:
        scores = self.layer._calculate_scores(query, keys) + hidden
        return ops.matmul(ops.softmax(scores), values)

    def _of_heads(self, x: Any, keys: Any, values: Any, hidden: Any) -> Any:
        query = self.layer._query_dense(x)
        batch, steps, heads, size = query.shape
        query = ops.transpose(query * size**-0.5, (0, 2, 1, 3))
        # Heads that share keys are more rows of one product.
        shared = (batch, keys.shape[1], steps * heads // keys.shape[1])
        scores = ops.matmul(ops.reshape(query, (*shared, size)), ops.swapaxes(keys, 2, 3))
        every = ops.reshape(scores, (batch, heads, steps, -1)) + ops.expand_dims(hidden, 1)
        weights = ops.reshape(ops.softmax(every), (*shared, -1))
        result = ops.reshape(ops.matmul(weights, values), (batch, heads, steps, -1))
        result = ops.transpose(result, (0, 2, 1, 3))
        if _option(self.layer, "use_gate"):
            result = result * self.layer._gate_dense(x)
        return self.layer._output_dense(result)


def is_attention(layer: Any) -> bool:
    """Whether a layer is one of Keras's attentions."""
    return type(layer) in _ATTENTIONS


def read_by(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Query, key and value of the call of an attention."""
    given = inspect.signature(layer.call).bind(*args, **kwargs).arguments
    if "inputs" in given:
        query, value, *key = given["inputs"]
        return [query, *(key or [value]), value]
    key = given.get("key")
    return [given["query"], given["value"] if key is None else key, given["value"]]


def check_causal(layer: Any, source: list[Any], kwargs: dict[str, Any]) -> None:
    """Checks that an attention gives each step what it gives inside of the sequence.

    Args:
        layer: The attention.
        source: What it reads in the user's model.
        kwargs: What it is called with by name.

    Raises:
        ConversionError: If it does not.
    """
    if not kwargs.get("use_causal_mask"):
        raise attention_refusal(layer, "without use_causal_mask=True, which reads later steps too")
    if kwargs.get("return_attention_scores"):
        reason = "with scores over a whole sequence (return_attention_scores=False gives none)"
        raise attention_refusal(layer, reason)
    # The graph does not show the masks that Keras hands on to an attention.
    masks = [getattr(tensor, "_keras_mask", None) for tensor in source]
    masks += [value for name, value in kwargs.items() if name.endswith("mask")]
    if any(mask is not None and mask is not True for mask in keras.tree.flatten(masks)):
        raise attention_refusal(layer, "with a mask")
    axes = getattr(layer, "attention_axes", None) or (1,)
    if len(source[0].shape) != 3 or tuple(axes) != (1,):
        raise attention_refusal(layer, "over other axes than time")


def window_of(layer: Any, length: int | None) -> int:
    """Steps that a step of an attention reads.

    Args:
        layer: The attention.
        length: Steps of a whole sequence, if it is fixed.

    Raises:
        ConversionError: If the number is open.
    """
    found = [size for size in (length, _option(layer, "sliding_window")) if size is not None]
    if not found:
        raise ConversionError(
            f"Expected a window of fixed length in front of `{layer.name}` "
            f"({type(layer).__name__}), received a model whose length is open: there is no window "
            "to keep. Build the model with keras.Input((length, ...)), or use form='sequence' "
            "with steps=..."
        )
    return min(found)


def attention_refusal(layer: Any, reason: str) -> ConversionError:
    """The error for an attention that cannot be run in steps."""
    return ConversionError(
        f"Expected attention of each step over the steps so far, received `{layer.name}` "
        f"({type(layer).__name__}) {reason}. Use form='sequence', which takes any layer."
    )


def _option(layer: Any, name: str) -> Any:
    """An option that not every version of Keras has."""
    return layer.get_config().get(name)
