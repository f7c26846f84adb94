"""Masks that Keras hands from layer to layer beside the graph, as arguments in it."""

import inspect
from typing import Any

import keras


def with_masks(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name of a call, with the masks that Keras would find on its tensors.

    A call of one tensor gets its mask as `mask`, one of several theirs as `query_mask` and so on,
    where it takes such. Keras writes the former into the graph by itself, unless tensors come in a
    list, and never the latter.

    Args:
        operation: The layer or operation that is to be called.
        args: What with: symbolic tensors.
        kwargs: The same by name.
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
            mask = keras.tree.map_structure(lambda x: getattr(x, "_keras_mask", None), value)
            if any(one is not None for one in keras.tree.flatten(mask)):
                masks[mask_name] = mask
    return {**kwargs, **masks}


def without_masks(results: Any) -> Any:
    """What a call gave, so that no layer finds masks on it."""
    for tensor in keras.tree.flatten(results):
        if getattr(tensor, "_keras_mask", None) is not None:
            tensor._keras_mask = None
    return results


def _holds_tensors(value: Any) -> bool:
    return any(isinstance(x, keras.KerasTensor) for x in keras.tree.flatten(value))
