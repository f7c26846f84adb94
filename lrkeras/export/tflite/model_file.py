"""Reading and editing a .tflite flatbuffer."""

import functools
import hashlib
import mmap
from collections import Counter
from typing import Any

import numpy as np

from lrkeras.export.tflite.check_nodes import check_nodes
from lrkeras.export.tflite.check_sparsity import check_constants
from lrkeras.export.tflite.gaps import fill_gaps
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.metadata_entry import deflated, deflated_name, read_entry
from lrkeras.system.optional_imports import require

# Of a constant; of other types 8.
_BITS = {"int2": 2, "int4": 4, "float16": 16, "bfloat16": 16, "int16": 16, "uint16": 16}
_BITS |= {"float32": 32, "int32": 32, "uint32": 32}
_BITS |= {"int64": 64, "uint64": 64, "float64": 64, "complex64": 64}


class ModelFile:
    """A .tflite model as an object that can be edited.

    Args:
        data: The bytes of the file.

    Attributes:
        model: The flatbuffer object of all of it.
        schema: The module of the format's classes and codes.

    Raises:
        ValueError: If the bytes are not a .tflite model.
    """

    def __init__(self, data: bytes | mmap.mmap):
        self.schema = require("ai_edge_litert.schema_py_generated")
        codes = vars(self.schema.BuiltinOperator)
        self._op_codes = {name: code for name, code in codes.items() if isinstance(code, int)}
        self._op_names = {code: name for name, code in self._op_codes.items()}
        types = vars(self.schema.TensorType).items()
        self._type_names = {code: name.lower() for name, code in types if isinstance(code, int)}
        self.load(data)

    def load(self, data: bytes | mmap.mmap) -> None:
        """Replaces everything by the content of another file.

        Raises:
            ValueError: If the bytes are not a .tflite model.
        """
        if len(data) < 8 or data[4:8] != b"TFL3":
            raise ValueError(
                "Expected a .tflite model (bytes 4 to 8 are b'TFL3'), "
                f"received {len(data)} bytes that start with {bytes(data[:8])!r}."
            )
        self.model = self.schema.ModelT.InitFromPackedBuf(data, 0)
        fill_gaps(self.model)
        for buffer in self.model.buffers:
            # Some writers put large buffers behind the flatbuffer.
            if buffer.offset > 1 and buffer.data is None:
                end = buffer.offset + buffer.size
                buffer.data = np.frombuffer(data[buffer.offset : end], np.uint8)
                buffer.offset = buffer.size = 0
        check_nodes(self)
        check_constants(self)
        # The number of the buffer of each value that was added, by a digest of its bytes.
        self._buffers: dict[bytes, int] = {}

    @property
    def graphs(self) -> list[Graph]:
        """A graph for each signature, each subroutine and each body of a loop."""
        return [Graph(self, subgraph) for subgraph in self.model.subgraphs]

    def to_bytes(self) -> bytes:
        """Serialises the model."""
        flatbuffers = require("flatbuffers")
        size = sum(len(b.data) for b in self.model.buffers if b.data is not None)
        builder = flatbuffers.Builder(size + (1 << 16))
        for buffer in self.model.buffers:
            # The schema asks for this alignment; kernels are several times slower without it.
            buffer.Pack = functools.partial(_pack_aligned, self.schema, buffer)
        vectors: dict[tuple[str, bytes], int] = {}
        for graph in self.graphs:
            for tensor in graph.tensors:
                parameters = tensor.quantization
                if parameters is not None and _is_plain(parameters):
                    parameters.Pack = functools.partial(
                        _pack_shared, self.schema, parameters, vectors
                    )
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    # Operators

    def op_name(self, op: Any) -> str:
        """Name of an operator, such as `"FULLY_CONNECTED"`, or that of a custom operator."""
        code = self._op_code(op)
        # Of a later version of the format there is no name yet.
        name = self._op_names.get(self._builtin(code), f"UNKNOWN:{self._builtin(code)}")
        if name == "CUSTOM":
            return f"CUSTOM:{(code.customCode or b'').decode()}"
        return name

    def op_version(self, op: Any) -> int:
        """Version of an operator."""
        return self._op_code(op).version

    def type_name(self, code: int) -> str:
        """Name of a tensor's type, such as `"float32"`."""
        return self._type_names.get(code, f"type {code}")

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

    def operator_counts(self) -> dict[str, int]:
        """How often the file has each operator, in all its graphs."""
        return dict(Counter(self.op_name(op) for graph in self.graphs for op in graph.operators))

    def constant_counts(self) -> dict[str, int]:
        """Numbers that the constants hold, by the name of their type; a shared one counts once."""
        counts: dict[str, int] = {}
        seen: set[int] = set()
        for graph in self.graphs:
            for number, tensor in enumerate(graph.tensors):
                data = graph.data(number)
                if data is not None and tensor.buffer not in seen:
                    seen.add(tensor.buffer)
                    name = self.type_name(tensor.type)
                    count = 8 * len(data) // _BITS.get(name, 8)
                    counts[name] = counts.get(name, 0) + count
        return counts

    # Buffers and metadata

    def add_buffer(self, value: np.ndarray) -> int:
        """Stores an array and returns the number of its buffer, one for all equal ones."""
        data = np.ascontiguousarray(value).tobytes()
        digest = hashlib.sha256(data).digest()
        if digest not in self._buffers:
            buffer = self.schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            self.model.buffers.append(buffer)
            self._buffers[digest] = len(self.model.buffers) - 1
        return self._buffers[digest]

    def metadata(self, name: str) -> bytes | None:
        """Bytes of a metadata entry, or None if there is none of this name.

        Raises:
            ValueError: If it is stored deflated and is broken.
        """
        return read_entry(self._stored_metadata, name, "the file")

    def set_metadata(self, name: str, value: bytes, *, deflate: bool = False) -> None:
        """Adds a metadata entry or replaces the one of the same name.

        Args:
            name: Its name.
            value: Its bytes.
            deflate: Whether a long one is stored as a zlib stream called `name.zlib`, which readers
                other than ours do not look for; `metadata` gives its bytes back.
        """
        names = {name.encode(), deflated_name(name).encode()}
        if deflate:
            name, value = deflated(name, value)
        buffer = self.add_buffer(np.frombuffer(value, np.uint8))
        for entry in self.model.metadata or []:
            if entry.name in names:
                entry.name, entry.buffer = name.encode(), buffer
                return
        entry = self.schema.MetadataT()
        entry.name, entry.buffer = name.encode(), buffer
        self.model.metadata = [*(self.model.metadata or []), entry]

    def drop_unused(self) -> None:
        """Removes tensors, operator codes and buffers that nothing refers to.

        Constants of equal bytes share a buffer afterwards: the converter writes those that are
        not variables once for each graph. It also writes an empty buffer and an empty quantisation
        for each tensor without, which add up in a small file.
        """
        self._share_buffers()
        for graph in self.graphs:
            graph.drop_unused_tensors()
            for tensor in graph.tensors:
                if tensor.quantization is not None and _is_empty(tensor.quantization):
                    tensor.quantization = None
        self._drop_unused_buffers()
        operators = [op for graph in self.graphs for op in graph.operators]
        codes = sorted({op.opcodeIndex for op in operators})
        self.model.operatorCodes = [self.model.operatorCodes[code] for code in codes]
        for op in operators:
            op.opcodeIndex = codes.index(op.opcodeIndex)

    def _drop_unused_buffers(self) -> None:
        """Leaves the buffers in use, behind the first, which is empty by convention."""
        old = self.model.buffers
        holders = [tensor for graph in self.graphs for tensor in graph.tensors]
        for tensor in holders:
            if old[tensor.buffer].data is None or not len(old[tensor.buffer].data):
                tensor.buffer = 0
        holders += self.model.metadata or []
        used = sorted({holder.buffer for holder in holders} - {0})
        places = {0: 0, **{number: place for place, number in enumerate(used, start=1)}}
        if old[0].data is not None and len(old[0].data):
            raise AssertionError("the first buffer of the converter's files is empty")
        self.model.buffers = [old[0], *[old[number] for number in used]]
        for holder in holders:
            holder.buffer = places[holder.buffer]
        self._buffers = {d: places[n] for d, n in self._buffers.items() if n in places}

    def _share_buffers(self) -> None:
        first: dict[bytes, int] = {}
        for graph in self.graphs:
            for tensor in graph.tensors:
                data = self.model.buffers[tensor.buffer].data
                if data is not None and len(data):
                    digest = hashlib.sha256(np.asarray(data, np.uint8).tobytes()).digest()
                    tensor.buffer = first.setdefault(digest, tensor.buffer)

    def _stored_metadata(self, name: str) -> bytes | None:
        for entry in self.model.metadata or []:
            if entry.name == name.encode():
                data = self.model.buffers[entry.buffer].data
                return b"" if data is None else bytes(np.asarray(data, np.uint8))
        return None

    def _op_code(self, op: Any) -> Any:
        return self.model.operatorCodes[op.opcodeIndex]

    def _builtin(self, code: Any) -> int:
        return max(code.builtinCode, code.deprecatedBuiltinCode)


def _is_empty(parameters: Any) -> bool:
    fields = (parameters.scale, parameters.zeroPoint, parameters.min, parameters.max)
    return parameters.details is None and all(f is None or not len(f) for f in fields)


def _is_plain(parameters: Any) -> bool:
    """Whether a quantisation is scales and zero points, and nothing else."""
    others = (parameters.details, parameters.min, parameters.max)
    numbers = (parameters.scale, parameters.zeroPoint)
    return all(o is None for o in others) and all(n is not None for n in numbers)


def _pack_shared(
    schema: Any, parameters: Any, vectors: dict[tuple[str, bytes], int], builder: Any
) -> int:
    """Writes scales and zero points, each vector of equal numbers once in the file."""
    offsets = []
    for numbers, kind in ((parameters.scale, np.float32), (parameters.zeroPoint, np.int64)):
        raw = np.asarray(numbers, kind)
        key = (raw.dtype.name, raw.tobytes())
        if key not in vectors:
            vectors[key] = builder.CreateNumpyVector(raw)
        offsets.append(vectors[key])
    schema.QuantizationParametersStart(builder)
    schema.QuantizationParametersAddScale(builder, offsets[0])
    schema.QuantizationParametersAddZeroPoint(builder, offsets[1])
    schema.QuantizationParametersAddQuantizedDimension(builder, parameters.quantizedDimension)
    return schema.QuantizationParametersEnd(builder)


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
