"""One graph of a `.tflite` file."""

from typing import Any

import numpy as np

from lrkeras.export.tflite.quantisation import TENSOR_TYPES, Quantisation, value_of


class Graph:
    """The tensors of one graph, and the operators between them, to be read and edited.

    A tensor is known by its number, the index in `tensors`. A file has a graph for each signature,
    for each subroutine and for each body of a loop.

    Args:
        file: The `ModelFile` that it is in, whose buffers and operator codes all its graphs share.
        subgraph: The flatbuffer object of the graph; edits go into it.

    Attributes:
        file: The file.
        subgraph: The flatbuffer object.
    """

    def __init__(self, file: Any, subgraph: Any):
        self.file = file
        self.subgraph = subgraph

    @property
    def name(self) -> str:
        """Its name; an empty string if it has none."""
        return (self.subgraph.name or b"").decode(errors="replace")

    # Operators

    @property
    def operators(self) -> list[Any]:
        """The operators in the order in which they run."""
        return self.subgraph.operators or []

    @operators.setter
    def operators(self, operators: list[Any]) -> None:
        self.subgraph.operators = operators

    @property
    def inputs(self) -> list[int]:
        """Numbers of the tensors that a call gives."""
        return [int(tensor) for tensor in self.subgraph.inputs]

    @property
    def outputs(self) -> list[int]:
        """Numbers of the tensors that a call returns."""
        return [int(tensor) for tensor in self.subgraph.outputs]

    def op_name(self, op: Any) -> str:
        """Name of an operator, such as `"FULLY_CONNECTED"`, or that of a custom operator."""
        return self.file.op_name(op)

    def new_op(self, name: str, version: int, inputs: list[int], outputs: list[int]) -> Any:
        """Makes an operator without options; the caller puts it into `operators`."""
        op = self.file.schema.OperatorT()
        op.inputs, op.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        self.file.set_op(op, name, version)
        return op

    def insert(self, operators: list[Any], after: Any = None, before: Any = None) -> None:
        """Puts operators behind or before one of the graph's, or in front of all of them."""
        place = 0
        there = after if before is None else before
        if there is not None:
            place = next(i for i, op in enumerate(self.operators) if op is there)
            place += before is None
        self.operators = [*self.operators[:place], *operators, *self.operators[place:]]

    def producers(self) -> dict[int, Any]:
        """Maps each tensor to the operator that writes it."""
        return {int(t): op for op in self.operators for t in op.outputs}

    def consumers(self) -> dict[int, list[Any]]:
        """Maps each tensor to the operators that read it."""
        readers: dict[int, list[Any]] = {}
        for op in self.operators:
            for tensor in op.inputs:
                readers.setdefault(int(tensor), []).append(op)
        return readers

    def products(self) -> list[tuple[Any, np.ndarray]]:
        """The FULLY_CONNECTED operators with a constant filter, and it, (outputs, inputs)."""
        found = [op for op in self.operators if self.op_name(op) == "FULLY_CONNECTED"]
        filters = [(op, self.constant(op.inputs[1])) for op in found]
        return [(op, weight) for op, weight in filters if weight is not None]

    def drop_unread_operators(self) -> None:
        """Removes operators whose results nothing reads."""
        while True:
            read = {*self.consumers(), *self.outputs}
            kept = [op for op in self.operators if any(int(t) in read for t in op.outputs)]
            if len(kept) == len(self.operators):
                return
            self.operators = kept

    # Tensors

    @property
    def tensors(self) -> list[Any]:
        """The flatbuffer objects of the tensors, by number."""
        return self.subgraph.tensors

    def tensor_name(self, tensor: int) -> str:
        """Name of a tensor."""
        return self.tensors[int(tensor)].name.decode(errors="replace")

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Shape of a tensor; that of a number if the file gives none."""
        shape = self.tensors[int(tensor)].shape
        return () if shape is None else tuple(int(size) for size in shape)

    def data(self, tensor: int) -> np.ndarray | None:
        """The stored bytes of a constant, also of a sparse one; None for any other tensor."""
        data = self.file.model.buffers[self.tensors[int(tensor)].buffer].data
        return None if data is None or not len(data) else np.asarray(data, np.uint8)

    def constant(self, tensor: int) -> np.ndarray | None:
        """Value of a constant tensor, or None for any other; also None for a sparse one."""
        if tensor < 0:
            return None
        data, described = self.data(tensor), self.tensors[int(tensor)]
        if data is None or described.sparsity is not None:
            return None
        return value_of(data, described.type, self.shape(tensor))

    def set_constant(
        self, tensor: int, value: np.ndarray, quantisation: Quantisation | None = None
    ) -> None:
        """Replaces what a tensor holds; tensors that were set to equal values share a buffer."""
        described = self.tensors[tensor]
        described.buffer = self.file.add_buffer(value)
        described.shape = np.array(value.shape, np.int32)
        described.type = TENSOR_TYPES[value.dtype]
        if quantisation is not None:
            self.set_quantisation(tensor, quantisation)

    def new_tensor(self, name: str, shape: tuple[int, ...], dtype: Any) -> int:
        """Adds a tensor without a value and returns its number."""
        tensor = self.file.schema.TensorT()
        tensor.name, tensor.shape = name.encode(), np.array(shape, np.int32)
        tensor.type, tensor.buffer, tensor.hasRank = TENSOR_TYPES[np.dtype(dtype)], 0, True
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def new_constant(
        self, name: str, value: np.ndarray, quantisation: Quantisation | None = None
    ) -> int:
        """Adds a constant and returns its number."""
        tensor = self.new_tensor(name, value.shape, value.dtype)
        self.set_constant(tensor, value, quantisation)
        return tensor

    def set_quantisation(self, tensor: int, quantisation: Quantisation) -> None:
        """Sets how the integers of a tensor stand for real numbers."""
        self.tensors[tensor].quantization = quantisation.packed(self.file.schema)

    def drop_unused_tensors(self) -> None:
        """Removes tensors that no operator, input or output refers to, and counts anew."""
        live = {int(t) for op in self.operators for t in (*op.inputs, *op.outputs)}
        kept = sorted({*live, *self.inputs, *self.outputs} - {-1})
        places = {-1: -1, **{tensor: place for place, tensor in enumerate(kept)}}
        self.subgraph.tensors = [self.tensors[tensor] for tensor in kept]
        for holder in (*self.operators, self.subgraph):
            holder.inputs = np.array([places[int(t)] for t in holder.inputs], np.int32)
            holder.outputs = np.array([places[int(t)] for t in holder.outputs], np.int32)
        for signature in self.signatures():
            for end in (*signature.inputs, *signature.outputs):
                end.tensorIndex = places[end.tensorIndex]

    def signatures(self) -> list[Any]:
        """The flatbuffer objects of the signatures that run the graph."""
        number = next(i for i, s in enumerate(self.file.model.subgraphs) if s is self.subgraph)
        signatures = self.file.model.signatureDefs or []
        return [signature for signature in signatures if signature.subgraphIndex == number]
