"""Masks that the graph of a functional model does not show."""

from typing import Any

import keras
from keras import ops


class ImplicitMasks:
    """Knows the masks that Keras's `ReversibleEmbedding` makes while it runs, and who gets them.

    Other layers hand their masks on as arguments in the graph. This one sets them on its results
    inside of `call`, and layers behind it find them there, unless they read other masks too.
    """

    def __init__(self) -> None:
        self._masks: dict[int, tuple[Any, Any]] = {}  # by identity: the tensor itself, its mask

    def of(self, tensor: Any) -> Any:
        """The mask of a tensor, or `None`."""
        return self._masks.get(id(tensor), (None, None))[1]

    def follow(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
        """Notes the mask of what a layer gives; returns that.

        Args:
            layer: The user's layer.
            args: What it was called with.
            kwargs: By name.
            result: What it gave.
        """
        first = args[0] if args else None
        mask = self.of(first)
        if type(layer) is keras.layers.ReversibleEmbedding:
            looks_up = layer.mask_zero and not kwargs.get("reverse") and len(args) < 2
            mask = ops.not_equal(first, 0) if looks_up else None
        elif not getattr(layer, "supports_masking", False) or "mask" in kwargs:
            mask = None
        if mask is not None and isinstance(result, keras.KerasTensor):
            self._masks[id(result)] = (result, mask)
        return result
