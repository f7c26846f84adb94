"""Masks that the graph of a functional model does not show."""

import inspect
from typing import Any

import keras

from lrkeras.export.form import Form
from lrkeras.model_graph.explicit_masks import lookup_mask, with_masks


class ImplicitMasks:
    """Knows the mask of every tensor, as Keras does while a model runs, and who gets it.

    The graph of a model shows the masks of layers that read one tensor. It shows none that a
    layer finds on several tensors (`Attention`, `MultiHeadAttention`, `Concatenate`), and none that
    `ReversibleEmbedding` makes while it runs.

    Args:
        form: What runs at once. An encoder and a decoder have all of their masks in their graphs.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._masks: dict[int, tuple[Any, Any]] = {}  # by identity: the tensor itself, its mask

    def of(self, tensor: Any) -> Any:
        """The mask of a tensor, or `None`."""
        return self._masks.get(id(tensor), (None, None))[1]

    def arguments(
        self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """The arguments by name of a call, with the masks that Keras would find on its tensors.

        In forms with states they stay as they are: what reads whole sequences is refused there.
        """
        if self._form.has_states:
            return kwargs
        return with_masks(layer, args, kwargs, self.of)

    def follow(
        self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], results: Any
    ) -> None:
        """Notes the masks of what a layer gives.

        Args:
            layer: The user's layer.
            args: What it was called with.
            kwargs: By name, its masks among them.
            results: What it gave.
        """
        if self._form.kind in ("encode", "decode") or not layer.supports_masking:
            return
        masks = self._masks_of_results(layer, args, kwargs)
        if isinstance(layer, keras.layers.MultiHeadAttention):
            # It takes the masks off what it reads, for all that read it later.
            for tensor in keras.tree.flatten((args, kwargs)):
                self._masks.pop(id(tensor), None)
        self.note(keras.tree.flatten(results), masks)

    def note(self, tensors: list[Any], masks: Any) -> None:
        """Notes the masks of tensors: one of the first, or a list with some of them None."""
        for tensor, mask in zip(tensors, keras.tree.flatten(masks), strict=False):
            if mask is not None:
                self._masks[id(tensor)] = (tensor, mask)

    def _masks_of_results(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if type(layer) is keras.layers.ReversibleEmbedding:
            return lookup_mask(layer, args, kwargs)
        first = next(iter(inspect.signature(layer.call).bind(*args, **kwargs).arguments.values()))
        given = kwargs.get("mask")
        if given is None:
            given = keras.tree.map_structure(self.of, first)
        return layer.compute_mask(first, given)
