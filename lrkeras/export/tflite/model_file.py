"""Reading and editing a .tflite flatbuffer."""

import dataclasses
import functools
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from lrkeras.system.optional_imports import require

_NUMPY_TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64, 6: np.bool_, 9: np.int8}
_TENSOR_TYPES = {np.dtype(numpy_type): code for code, numpy_type in _NUMPY_TYPES.items()}


@dataclasses.dataclass
class Quantisation:
    """Symmetric quantisation of a tensor: `real = scale * stored`.

    Attributes:
        scale: float32, (1,) or one for each index along `axis`.
        axis: The dimension that `scale` runs along.
    """

    scale: np.ndarray
    axis: int = 0


class ModelFile:
    """A .tflite model as an object that can be edited.

    One subgraph is looked at and edited at a time, `graph`: the first one, unless
    `each_graph` has moved on. Files have one for each signature and one for each subroutine.

    Args:
        data: The bytes of the file.

    Raises:
        ValueError: If the bytes are not a .tflite model.
    """

    def __init__(self, data: bytes):
        self.schema = require("ai_edge_litert.schema_py_generated")
        if len(data) < 8 or data[4:8] != b"TFL3":
            raise ValueError(
                "Expected a .tflite model (bytes 4 to 8 are b'TFL3'), "
                f"received {len(data)} bytes that start with {bytes(data[:8])!r}."
            )
        self.model = self.schema.ModelT.InitFromPackedBuf(data, 0)
        for buffer in self.model.buffers:
            # Some writers put large buffers behind the flatbuffer.
            if buffer.offset > 1 and buffer.data is None:
                end = buffer.offset + buffer.size
                buffer.data = np.frombuffer(data[buffer.offset : end], np.uint8)
                buffer.offset = buffer.size = 0
        self.graph = self.model.subgraphs[0]
        codes = vars(self.schema.BuiltinOperator)
        self._op_codes = {name: code for name, code in codes.items() if isinstance(code, int)}
        self._op_names = {code: name for name, code in self._op_codes.items()}
        self._buffers: dict[bytes, int] = {}

    def each_graph(self) -> Iterator[Any]:
        """Makes every subgraph in turn the one that is edited, and then the first one again."""
        try:
            for graph in self.model.subgraphs:
                self.graph = graph
                yield graph
        finally:
            self.graph = self.model.subgraphs[0]

    def to_bytes(self) -> bytes:
        """Serialises the model."""
        flatbuffers = require("flatbuffers")
        size = sum(len(b.data) for b in self.model.buffers if b.data is not None)
        builder = flatbuffers.Builder(size + (1 << 16))
        for buffer in self.model.buffers:
            # The schema asks for this alignment; kernels are several times slower without it.
            buffer.Pack = functools.partial(_pack_aligned, self.schema, buffer)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    # Operators

    def op_name(self, op: Any) -> str:
        """Name of an operator, such as `"FULLY_CONNECTED"`, or that of a custom operator."""
        code = self._op_code(op)
        name = self._op_names[self._builtin(code)]
        if name == "CUSTOM":
            return f"CUSTOM:{(code.customCode or b'').decode()}"
        return name

    def op_version(self, op: Any) -> int:
        """Version of an operator."""
        return self._op_code(op).version

    def set_op(self, op: Any, name: str, version: int) -> None:
        """Makes `op` the operator `name` in `version`, adding the pair to the model's table."""
        builtin = self._op_codes[name]
        for index, code in enumerate(self.model.operatorCodes):
            if self._builtin(code) == builtin and code.version == version:
                op.opcodeIndex = index
                return
        code = self.schema.OperatorCodeT()
        code.builtinCode, code.version = builtin, version
        # Readers from before the table outgrew one byte look here.
        code.deprecatedBuiltinCode = min(builtin, 127)
        self.model.operatorCodes.append(code)
        op.opcodeIndex = len(self.model.operatorCodes) - 1

    def new_op(self, name: str, version: int, inputs: list[int], outputs: list[int]) -> Any:
        """Makes an operator without options; the caller puts it into `graph.operators`."""
        op = self.schema.OperatorT()
        op.inputs, op.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        self.set_op(op, name, version)
        return op

    def producers(self) -> dict[int, Any]:
        """Maps each tensor to the operator that writes it."""
        return {int(t): op for op in self.graph.operators for t in op.outputs}

    def consumers(self) -> dict[int, list[Any]]:
        """Maps each tensor to the operators that read it."""
        readers: dict[int, list[Any]] = {}
        for op in self.graph.operators:
            for tensor in op.inputs:
                readers.setdefault(int(tensor), []).append(op)
        return readers

    # Tensors

    def constant(self, tensor: int) -> np.ndarray | None:
        """Value of a constant tensor, or None for any other; also None for a sparse one."""
        if tensor < 0:
            return None
        described = self.graph.tensors[tensor]
        data = self.model.buffers[described.buffer].data
        if data is None or not len(data) or described.sparsity is not None:
            return None
        if described.type not in _NUMPY_TYPES:
            return None
        shape = [] if described.shape is None else list(described.shape)
        return np.frombuffer(np.asarray(data), _NUMPY_TYPES[described.type]).reshape(shape)

    def set_constant(
        self, tensor: int, value: np.ndarray, quantisation: Quantisation | None = None
    ) -> None:
        """Replaces what a tensor holds; tensors that were set to equal values share a buffer."""
        described = self.graph.tensors[tensor]
        described.buffer = self._new_buffer(value)
        described.shape = np.array(value.shape, np.int32)
        described.type = _TENSOR_TYPES[value.dtype]
        if quantisation is not None:
            described.quantization = self._quantisation(quantisation)

    def new_tensor(self, name: str, shape: tuple[int, ...], dtype: Any) -> int:
        """Adds a tensor without a value and returns its index."""
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape = name.encode(), np.array(shape, np.int32)
        tensor.type, tensor.buffer, tensor.hasRank = _TENSOR_TYPES[np.dtype(dtype)], 0, True
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def set_quantisation(self, tensor: int, quantisation: Quantisation) -> None:
        """Sets how the integers of a tensor stand for real numbers."""
        self.graph.tensors[tensor].quantization = self._quantisation(quantisation)

    # Metadata

    def metadata(self, name: str) -> bytes | None:
        """Bytes of a metadata entry, or None if there is none of this name."""
        for entry in self.model.metadata or []:
            if entry.name == name.encode():
                data = self.model.buffers[entry.buffer].data
                return b"" if data is None else bytes(np.asarray(data, np.uint8))
        return None

    def set_metadata(self, name: str, value: bytes) -> None:
        """Adds a metadata entry or replaces the one of the same name."""
        buffer = self._new_buffer(np.frombuffer(value, np.uint8))
        for entry in self.model.metadata or []:
            if entry.name == name.encode():
                entry.buffer = buffer
                return
        entry = self.schema.MetadataT()
        entry.name, entry.buffer = name.encode(), buffer
        self.model.metadata = [*(self.model.metadata or []), entry]

    def drop_unused(self) -> None:
        """Removes tensors and operator codes that nothing refers to, and empties such buffers.

        Constants of equal bytes share a buffer afterwards: the converter writes those that are
        not variables once for each graph.
        """
        self._share_buffers()
        buffers = {entry.buffer for entry in self.model.metadata or []}
        for index, graph in enumerate(self.model.subgraphs):
            self._drop_tensors(index, graph)
            buffers |= {tensor.buffer for tensor in graph.tensors}
        operators = [op for graph in self.model.subgraphs for op in graph.operators]
        codes = sorted({op.opcodeIndex for op in operators})
        self.model.operatorCodes = [self.model.operatorCodes[code] for code in codes]
        for op in operators:
            op.opcodeIndex = codes.index(op.opcodeIndex)
        for index, buffer in enumerate(self.model.buffers):
            if index not in buffers:
                buffer.data = None

    def _share_buffers(self) -> None:
        first: dict[bytes, int] = {}
        for graph in self.model.subgraphs:
            for tensor in graph.tensors:
                data = self.model.buffers[tensor.buffer].data
                if data is not None and len(data):
                    digest = hashlib.sha256(np.asarray(data, np.uint8).tobytes()).digest()
                    tensor.buffer = first.setdefault(digest, tensor.buffer)

    def _drop_tensors(self, index: int, graph: Any) -> None:
        live = {int(t) for op in graph.operators for t in (*op.inputs, *op.outputs)}
        live |= {int(t) for t in (*graph.inputs, *graph.outputs)}
        kept = sorted(live - {-1})
        places = {-1: -1, **{tensor: place for place, tensor in enumerate(kept)}}
        graph.tensors = [graph.tensors[tensor] for tensor in kept]
        for holder in (*graph.operators, graph):
            holder.inputs = np.array([places[int(t)] for t in holder.inputs], np.int32)
            holder.outputs = np.array([places[int(t)] for t in holder.outputs], np.int32)
        for signature in self.model.signatureDefs or []:
            if signature.subgraphIndex == index:
                for tensor in (*signature.inputs, *signature.outputs):
                    tensor.tensorIndex = places[tensor.tensorIndex]

    def _op_code(self, op: Any) -> Any:
        return self.model.operatorCodes[op.opcodeIndex]

    def _builtin(self, code: Any) -> int:
        return max(code.builtinCode, code.deprecatedBuiltinCode)

    def _new_buffer(self, value: np.ndarray) -> int:
        data = np.ascontiguousarray(value).tobytes()
        digest = hashlib.sha256(data).digest()
        if digest not in self._buffers:
            buffer = self.schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            self.model.buffers.append(buffer)
            self._buffers[digest] = len(self.model.buffers) - 1
        return self._buffers[digest]

    def _quantisation(self, quantisation: Quantisation) -> Any:
        parameters = self.schema.QuantizationParametersT()
        parameters.scale = quantisation.scale.astype(np.float32)
        parameters.zeroPoint = np.zeros(len(quantisation.scale), np.int64)
        parameters.quantizedDimension = quantisation.axis
        return parameters


def _pack_aligned(schema: Any, buffer: Any, builder: Any) -> int:
    """Writes a buffer whose data start at a multiple of 16 bytes in the file."""
    data = None
    if buffer.data is not None:
        raw = np.asarray(buffer.data, np.uint8).tobytes()
        builder.StartVector(1, len(raw), 16)
        builder.head = builder.head - len(raw)
        builder.Bytes[builder.head : builder.head + len(raw)] = raw
        data = builder.EndVector()
    schema.BufferStart(builder)
    if data is not None:
        schema.BufferAddData(builder, data)
    return schema.BufferEnd(builder)
