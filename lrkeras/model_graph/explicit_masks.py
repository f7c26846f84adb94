"""Masks that Keras hands from layer to layer beside the graph, as arguments in it."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def called_with_masks(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a call gives with the masks of its tensors as arguments, its own mask on it.

    Args:
        operation: The layer or operation that is to be called.
        args: What with: symbolic tensors.
        kwargs: The same by name.
    """
    results = operation(*args, **with_masks(operation, args, kwargs))
    if type(operation) is keras.layers.ReversibleEmbedding:
        results._keras_mask = lookup_mask(operation, args, kwargs)
    return results


def lookup_mask(
    layer: keras.layers.ReversibleEmbedding, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """The mask that a `ReversibleEmbedding` makes while it runs, and its graph does not show.

    None where it looks nothing up, or zero is an id like others.
    """
    looks_up = not kwargs.get("reverse") and len(args) < 2
    return ops.not_equal(args[0], 0) if looks_up and layer.mask_zero else None


def _mask_on(tensor: Any) -> Any:
    return getattr(tensor, "_keras_mask", None)


def with_masks(
    operation: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    mask_of: Callable[[Any], Any] = _mask_on,
) -> dict[str, Any]:
    """The arguments by name of a call, with the masks that Keras would find on its tensors.

    A call of one tensor gets its mask as `mask`, one of several theirs as `query_mask` and so on,
    where it takes such. Keras writes the former into the graph by itself, unless tensors come in a
    list, and never the latter.

    Args:
        operation: The layer or operation that is to be called.
        args: What with: symbolic tensors.
        kwargs: The same by name.
        mask_of: Gives the mask of a tensor, or None; what Keras noted on it if left out.
    """
    if not isinstance(operation, keras.layers.Layer):
        return kwargs
    signature = inspect.signature(operation.call)
    try:
        bound = signature.bind_partial(*args, **kwargs).arguments
    except TypeError:
        return kwargs
    tensors = {name: value for name, value in bound.items() if _holds_tensors(value)}
    masks = {}
    for name, value in tensors.items():
        mask_name = "mask" if len(tensors) == 1 else f"{name}_mask"
        if mask_name in signature.parameters and bound.get(mask_name) is None:
            mask = keras.tree.map_structure(mask_of, value)
            if any(one is not None for one in keras.tree.flatten(mask)):
                masks[mask_name] = mask
    return {**kwargs, **masks}


def without_masks(results: Any) -> Any:
    """What a call gave, so that no layer finds masks on it."""
    for tensor in keras.tree.flatten(results):
        if _mask_on(tensor) is not None:
            tensor._keras_mask = None
    return results


def _holds_tensors(value: Any) -> bool:
    return any(isinstance(x, keras.KerasTensor) for x in keras.tree.flatten(value))
