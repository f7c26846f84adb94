"""The inputs of an ONNX file as inputs of a Keras model: the batch first, then time."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lrkeras.importers.onnx.dim import Dim, Size
from lrkeras.importers.onnx.node import Node
from lrkeras.importers.onnx.values import Atom, Group, Stack, Tensor, size_of, unit_batch_first
from lrkeras.system.optional_imports import require

_BATCH = re.compile(r"(?i)^(n|b|bs|batch.*|.*batch(_?size)?|unk__\d+)$")
_TIME = re.compile(r"(?i)^(t|l|s|seq.*|time.*|len.*|.*len(gth)?|steps|frames|.*sequence.*)$")
_RECURRENT = ("LSTM", "GRU", "RNN")
_VIEWS = ("Squeeze", "Unsqueeze", "Identity", "Cast", "Slice", "Gather", "Split", "Reshape")


class AxesMismatchError(Exception):
    """An input has its batch along another axis than was assumed."""

    def __init__(self, name: str, axis: int):
        super().__init__(name)
        self.name, self.axis = name, axis


@dataclasses.dataclass
class GraphInput:
    """An input of the file.

    Attributes:
        name: Its name.
        sizes: Its shape; the batch is as the file has it.
        dtype: Its NumPy dtype.
        tensors: What it is in Keras; none if nothing reads it.
        to_keras: Turns an array for the file into arrays for these.
    """

    name: str
    sizes: list[Size]
    dtype: np.dtype
    tensors: list[Any]
    to_keras: Callable[[np.ndarray], list[np.ndarray]]


class InputPlan:
    """Which axis of each input is the batch, and what its shape is.

    Args:
        graph: The graph.
        is_open: Whether the batch may be any number where the file has a fixed one.
    """

    def __init__(self, graph: Any, is_open: bool):
        known = {tensor.name for tensor in graph.initializer}
        self.infos = {value.name: value for value in graph.input if value.name not in known}
        self.is_open = is_open
        self.batch: Size = Dim.of("batch") if is_open else 0
        self.batch_axes = {name: self._guess(name) for name in self.infos}

    def file_sizes(self, name: str) -> list[Size]:
        """The shape in the file, with open sizes by name."""
        tensor = self.infos[name].type.tensor_type
        if not tensor.HasField("shape"):
            raise ValueError(
                f"The input {name!r} of the ONNX file has no shape. Export the model with the rank "
                "and the sizes of its inputs."
            )
        return [
            dim.dim_value if dim.dim_value > 0 else Dim.of(dim.dim_param or f"{name}_axis_{axis}")
            for axis, dim in enumerate(tensor.shape.dim)
        ]

    def sizes(self, name: str) -> list[Size]:
        """The shape in the model, whose batch is one open size for all inputs."""
        sizes = self.file_sizes(name)
        batches = {self.file_sizes(n)[axis] for n, axis in self.batch_axes.items()}
        for axis, size in enumerate(sizes):
            is_batch = axis == self.batch_axes[name]
            if self.is_open and (is_batch or (isinstance(size, Dim) and size in batches)):
                sizes[axis] = self.batch
        return sizes

    @property
    def has_unit_batch(self) -> bool:
        """Whether the batch is one, in front of every input and output, wherever the file has it.

        So it is where sizes are fixed and no first axis is common to the inputs: a step of a
        network with caches of shape (layers, 1, units), for example.
        """
        return not self.is_open and self.fixed_batch is None

    @property
    def fixed_batch(self) -> int | None:
        """The batch of the file, where it has a fixed one."""
        sizes = {self.file_sizes(name)[axis] for name, axis in self.batch_axes.items()}
        fixed = {size for size in sizes if not isinstance(size, Dim)}
        return fixed.pop() if len(fixed) == 1 and len(sizes) == 1 else None

    @property
    def has_fixed_batch(self) -> bool:
        """Whether no input has an open batch."""
        pairs = self.batch_axes.items()
        return not any(isinstance(self.file_sizes(name)[axis], Dim) for name, axis in pairs)

    def _guess(self, name: str) -> int:
        sizes = self.file_sizes(name)
        if not sizes:
            raise ValueError(
                f"The input {name!r} of the ONNX file is a single number, which a Keras model has "
                "no input for. Make it a constant of the file before you import it."
            )
        names = [str(size) if isinstance(size, Dim) else "" for size in sizes]
        for axis, text in enumerate(names[:2]):
            if _BATCH.match(text):
                return axis
        if len(sizes) > 2 and _TIME.match(names[0]):
            return 1
        return 0


def keras_inputs(builder: Any) -> list[GraphInput]:
    """Makes the Keras inputs and tells the builder what they stand for.

    Raises:
        ValueError: If an input has open sizes besides batch and time, or another type than float32
            and integers.
    """
    helper = require("onnx.helper", "onnx")
    result = []
    for name, info in builder.plan.infos.items():
        dtype = helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        if dtype.name not in ("float32", "int32", "int64", "bool"):
            raise ValueError(
                f"The input {name!r} of the ONNX file has the type {dtype.name}, where float32, "
                "int32, int64 or bool is expected. Export the model in float32."
            )
        sizes = builder.plan.sizes(name)
        axis = builder.plan.batch_axes[name]
        if name not in builder.consumers and name not in builder.output_names:
            result.append(GraphInput(name, sizes, dtype, [], lambda array: []))
        elif builder.plan.has_unit_batch:
            result.append(_unit_batch_input(builder, name, sizes, dtype))
        elif _is_state(builder, name):
            builder.plan.batch_axes[name] = 1
            result.append(_state_input(builder, name, builder.plan.sizes(name), dtype))
        else:
            result.append(_plain_input(builder, name, sizes, dtype, axis))
        result[-1].sizes = builder.plan.file_sizes(name)
    return result


def keras_dtype(dtype: Any) -> str:
    """The type in Keras: ids are int32."""
    name = np.dtype(dtype).name
    return "int32" if name == "int64" else name


def _plain_input(builder: Any, name: str, sizes: list[Size], dtype: Any, batch: int) -> GraphInput:
    open_axes = [i for i, size in enumerate(sizes) if i != batch and isinstance(size, Dim)]
    if len(open_axes) > 1:
        file_sizes = builder.plan.file_sizes(name)
        extra = open_axes[1]
        raise ValueError(
            f"The dimension {str(file_sizes[extra])!r} (axis {extra}) of the input {name!r} of the "
            "ONNX file is open; only the batch and one axis of time may be. Export the model with "
            "a fixed size there."
        )
    axes: list[Group] = [
        () if size == 1 else (Atom(size, (name, i)),) for i, size in enumerate(sizes)
    ]
    order = [batch, *open_axes, *(i for i in range(len(sizes)) if i not in (batch, *open_axes))]
    shape = [None if isinstance(sizes[i], Dim) else sizes[i] for i in order]
    tensor = keras.Input(batch_shape=shape, dtype=keras_dtype(dtype), name=_plain(name))
    builder.values[name] = Tensor(tensor, [axes[i] for i in order], axes)
    return GraphInput(name, sizes, dtype, [tensor], lambda array: [np.transpose(array, order)])


def _unit_batch_input(builder: Any, name: str, sizes: list[Size], dtype: Any) -> GraphInput:
    """An input with an axis of size one in front: its first one, or a new one."""
    axes: list[Group] = [
        () if size == 1 else (Atom(size, (name, i)),) for i, size in enumerate(sizes)
    ]
    layout = unit_batch_first(axes)
    shape: Any = [size_of(group) for group in layout]
    tensor = keras.Input(batch_shape=shape, dtype=keras_dtype(dtype), name=_plain(name))
    builder.values[name] = Tensor(tensor, layout, axes)
    return GraphInput(name, sizes, dtype, [tensor], lambda array: [array.reshape(shape)])


def _state_input(builder: Any, name: str, sizes: list[Size], dtype: Any) -> GraphInput:
    """Initial states of layers and directions, (count, N, H), as an input (N, H) for each."""
    count, batch, units = sizes
    tensors, parts = [], []
    for index in range(int(count)):  # type: ignore[arg-type]
        shape = (None if isinstance(batch, Dim) else batch, units)
        label = _plain(name) if count == 1 else f"{_plain(name)}_{index}"
        tensors.append(keras.Input(batch_shape=shape, dtype=keras_dtype(dtype), name=label))
        axes = [(Atom(batch),), (Atom(units),)]
        parts.append(Tensor(tensors[-1], axes, axes))
    builder.values[name] = Stack(parts)
    return GraphInput(name, sizes, dtype, tensors, list)


def _is_state(builder: Any, name: str) -> bool:
    """Whether an input is nothing but initial states of recurrent operators."""
    sizes = builder.plan.file_sizes(name)
    if len(sizes) != 3 or isinstance(sizes[0], Dim) or isinstance(sizes[2], Dim):
        return False
    return _leads_to_states(builder, name)


def _leads_to_states(builder: Any, name: str) -> bool:
    readers: list[Node] = builder.consumers.get(name, [])
    if not readers or name in builder.output_names:
        return False
    for node in readers:
        if node.op in _RECURRENT:
            if name in node.inputs[:5]:
                return False
        elif node.op == "Shape":
            continue
        elif (
            node.op not in _VIEWS
            or node.inputs[0] != name
            or not all(_leads_to_states(builder, output) for output in node.outputs)
        ):
            return False
    return True


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name)
