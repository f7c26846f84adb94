"""The outputs of an ONNX file as outputs of a Keras model, the batch first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lrkeras.importers.onnx.values import (
    Stack,
    Tensor,
    arranged,
    batch_first,
    size_of,
    unit_batch_first,
)


@dataclasses.dataclass
class GraphOutput:
    """An output of the file.

    Attributes:
        name: Its name.
        tensors: What it is in Keras.
        to_keras: Turns the array that the file gives into those that Keras gives.
    """

    name: str
    tensors: list[Any]
    to_keras: Callable[[np.ndarray], list[np.ndarray]]


def keras_outputs(builder: Any) -> list[GraphOutput]:
    """Makes the Keras outputs.

    Raises:
        ValueError: If an output does not depend on the inputs.
    """
    return [_output(builder, name) for name in builder.output_names]


def _output(builder: Any, name: str) -> GraphOutput:
    value = builder.values[name]
    if isinstance(value, (Stack, Tensor)) and builder.plan.has_unit_batch:
        whole = value.joined(builder.batch) if isinstance(value, Stack) else value
        layout = unit_batch_first(whole.axes)
        shape: Any = [size_of(group) for group in layout]
        tensor = _own(builder, arranged(whole, layout))
        return GraphOutput(name, [tensor], lambda array: [array.reshape(shape)])
    if isinstance(value, Stack):
        tensors, transposes = [], []
        for part in value.parts:
            tensor, order = _in_order(builder, part)
            tensors.append(tensor)
            transposes.append(order)
        return GraphOutput(
            name,
            tensors,
            lambda array: [np.transpose(a, o) for a, o in zip(array, transposes, strict=True)],
        )
    if not isinstance(value, Tensor):
        raise ValueError(
            f"The output {name!r} of the ONNX file is a constant, or a size: it does not depend on "
            "the values of the inputs. Export the model without this output."
        )
    node = builder.producers.get(name)
    if node and node.op in ("LSTM", "GRU", "RNN") and name == node.outputs[0]:
        time, directions, batch, units = value.axes
        tensor = arranged(value, [batch, time, (*directions, *units)])
        return GraphOutput(name, [_own(builder, tensor)], _joined_directions)
    tensor, order = _in_order(builder, value)
    return GraphOutput(name, [tensor], lambda array: [np.transpose(array, order)])


def _joined_directions(array: np.ndarray) -> list[np.ndarray]:
    """(T, directions, N, H) as (N, T, directions * H)."""
    time, _, batch, _ = array.shape
    return [array.transpose(2, 0, 1, 3).reshape(batch, time, -1)]


def _in_order(builder: Any, value: Tensor) -> tuple[Any, list[int]]:
    groups = list(value.axes)
    ordered = batch_first(groups, builder.batch)
    places = list(range(len(groups)))
    if ordered and ordered[0] is not groups[0]:
        front = next(i for i, group in enumerate(groups) if group is ordered[0])
        places = [front, *(i for i in places if i != front)]
    return _own(builder, arranged(value, ordered)), places


def _own(builder: Any, tensor: Any) -> Any:
    """A tensor that is no input of the model, which Keras wants of an output."""
    is_input = isinstance(tensor._keras_history.operation, keras.layers.InputLayer)
    return keras.layers.Identity()(tensor) if is_input else tensor
