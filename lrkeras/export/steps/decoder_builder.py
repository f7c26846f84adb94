"""The steps of a decoder, which reads all of what an encoder gave in each of them."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.form import Form
from lrkeras.export.steps.recurrent_cell import RecurrentCell
from lrkeras.export.steps.step_builder import StepBuilder
from lrkeras.export.steps.time_axis import STATIC, TimeAxis

_ATTENTIONS = (keras.layers.Attention, keras.layers.AdditiveAttention)


class DecoderBuilder(StepBuilder):
    """Makes the `StepModel` of one target step.

    Args:
        model: The decoder, in float32.
        cell_of: Gives the cell of a recurrent layer.
        memory: The shape, with a batch of one, of each input that is whole in every step, by name.
    """

    def __init__(
        self,
        model: keras.Model,
        cell_of: Callable[[keras.layers.RNN], RecurrentCell],
        memory: Mapping[str, tuple[int, ...]],
    ):
        super().__init__(model, cell_of, Form("decode", 1))
        self._memory = memory
        # Tensors that do not depend on the target step, kept so that no identity is used twice.
        self._whole: dict[int, Any] = {}

    def _timed_inputs(self) -> list[Any]:
        return [tensor for tensor in self._source.inputs if tensor.name not in self._memory]

    def _input(self, tensor: Any, is_ids: bool, is_timed: bool) -> Any:
        if tensor.name not in self._memory:
            return super()._input(tensor, is_ids, is_timed=True)
        shape = self._memory[tensor.name]
        made = keras.Input(batch_shape=shape, dtype=tensor.dtype, name=tensor.name)
        self._whole[id(made)] = made
        return made

    def _streaming(self, layer: Any, node: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
        if self._are_whole((args, kwargs)):
            result = self._called(layer, args, kwargs)
            self._whole.update({id(t): t for t in keras.tree.flatten(result)})
            return self._around.axes.note(result, TimeAxis(STATIC))
        if self._is_over_memory(layer, args, kwargs):
            return self._called(layer, args, kwargs)
        self._check_reads_no_entry(layer, args)
        return super()._streaming(layer, node, args, kwargs)

    def _is_over_memory(self, layer: Any, args: tuple[Any, ...], kwargs: Any) -> bool:
        """Whether a layer gives for one query what it gives for it among all of a sequence."""
        if type(layer) in _ATTENTIONS:
            return self._are_whole(args[0][1:]) and not kwargs.get("use_causal_mask")
        if type(layer) is keras.layers.MultiHeadAttention:
            kept = [kwargs.get(name) for name in ("value", "key", "attention_mask")]
            return self._are_whole((args[1:], kept)) and not kwargs.get("use_causal_mask")
        if type(layer) is keras.layers.Dot:
            # (step, queries) and what is whole: the step comes first in the result too.
            axes = layer.axes if isinstance(layer.axes, (list, tuple)) else [layer.axes] * 2
            query, other = args[0]
            last = len(query.shape) - 1
            return self._are_whole(other) and last == 2 and axes[0] in (last, -1)
        if type(layer) is keras.layers.Softmax:
            return layer.axis == -1 and self._are_whole(kwargs.get("mask"))
        return not isinstance(layer, keras.layers.Layer) and self._is_product(layer, args)

    def _is_product(self, operation: Any, args: tuple[Any, ...]) -> bool:
        """Whether an operation is part of an attention written with `keras.ops`."""
        if type(operation).__name__ == "Matmul":
            return len(args[0].shape) == 3 and self._are_whole(args[1:])
        return type(operation).__name__ == "Softmax" and operation.axis in (-1, 2)

    def _check_reads_no_entry(self, layer: Any, args: tuple[Any, ...]) -> None:
        """Refuses a layer that puts the entries of two sequences side by side."""
        for tensor in keras.tree.flatten(args):
            if id(tensor) in self._whole and len(tensor.shape) > 2 and tensor.shape[1] != 1:
                raise ConversionError(
                    f"Expected the encoder's outputs to be read by attention, received "
                    f"`{layer.name}` ({type(layer).__name__}), which reads the entry of each "
                    f"target step among the {tensor.shape[1]}. Use form='sequence', which takes a "
                    "whole source with a whole target."
                )

    def _are_whole(self, arguments: Any) -> bool:
        tensors = [x for x in keras.tree.flatten(arguments) if isinstance(x, keras.KerasTensor)]
        return bool(tensors) and all(id(tensor) in self._whole for tensor in tensors)
