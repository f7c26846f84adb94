"""Small .tflite files made by hand, tensor by tensor."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from lrkeras.export.tflite.model_file import ModelFile

KINDS = {"float32": schema.TensorType.FLOAT32, "int32": schema.TensorType.INT32}
KINDS |= {"int8": schema.TensorType.INT8, "bool": schema.TensorType.BOOL}
WIDTHS = {"float32": np.float32, "int32": np.int32, "int8": np.int8, "bool": np.bool_}


class TinyModel:
    """Graphs of a few nodes; `save` writes them as a file."""

    def __init__(self):
        self.model = schema.ModelT()
        self.model.version, self.model.subgraphs = 3, []
        self.model.buffers, self.model.operatorCodes = [schema.BufferT()], []
        self.model.signatureDefs = []

    def graph(self, signature=None):
        """Starts a new graph; what follows goes into it."""
        self._graph = schema.SubGraphT()
        self._graph.tensors, self._graph.operators = [], []
        self._graph.name = f"graph_{len(self.model.subgraphs)}".encode()
        self._signature = signature
        self.model.subgraphs.append(self._graph)
        return self

    def tensor(self, name, shape, kind="float32", value=None, signature=None, scale=None):
        """Adds a tensor and returns its number."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), np.array(shape, np.int32), 0
        tensor.type = KINDS[kind]
        if signature is not None:
            tensor.shapeSignature = np.array(signature, np.int32)
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.array([scale], np.float32)
            tensor.quantization.zeroPoint = np.array([0], np.int64)
        if value is not None:
            buffer = schema.BufferT()
            data = np.broadcast_to(np.asarray(value, WIDTHS[kind]), shape)
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def node(self, name, inputs, outputs, version=1, options=None, **fields):
        """Adds a node; `options` names the class of its options, `fields` are these."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), version
        self.model.operatorCodes.append(code)
        op = schema.OperatorT()
        op.opcodeIndex = len(self.model.operatorCodes) - 1
        op.inputs, op.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if options is not None:
            op.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            op.builtinOptions = getattr(schema, options + "T")()
            for field, value in fields.items():
                setattr(op.builtinOptions, field, value)
        self._graph.operators.append(op)
        return self

    def ends(self, inputs, outputs):
        """Sets the graph's inputs and outputs, dicts of tensors by name."""
        self._graph.inputs = np.array(list(inputs.values()), np.int32)
        self._graph.outputs = np.array(list(outputs.values()), np.int32)
        if self._signature is not None:
            signature = schema.SignatureDefT()
            signature.signatureKey = self._signature.encode()
            signature.subgraphIndex = len(self.model.subgraphs) - 1
            signature.inputs = [_map(name, index) for name, index in inputs.items()]
            signature.outputs = [_map(name, index) for name, index in outputs.items()]
            self.model.signatureDefs.append(signature)
        return self

    def bytes(self):
        """The file."""
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        # Packed again by the package's own writer, which aligns the weights.
        return ModelFile(bytes(builder.Output())).to_bytes()

    def save(self, path):
        """Writes the file and returns its path."""
        path.write_bytes(self.bytes())
        return str(path)


def recurrence(signatures, units=32):
    """`h <- tanh(W h + x)`, once in `step`, N times in `chunk_N`; `W` is shared."""
    model = TinyModel()
    weight = np.random.default_rng(0).normal(size=(units, units)) * 0.3
    for name, steps in signatures.items():
        model.graph(name)
        first = model.tensor("h_in", (1, units))
        filter_ = model.tensor("w", (units, units), value=weight)
        given = [model.tensor(f"x_{t}", (1, units)) for t in range(steps)]
        state = first
        for t in range(steps):
            product, total = (model.tensor(f"{n}_{t}", (1, units)) for n in ("wh", "sum"))
            after = model.tensor(f"h_{t}", (1, units))
            model.node(
                "FULLY_CONNECTED", [state, filter_, -1], [product], options="FullyConnectedOptions"
            )
            model.node("ADD", [product, given[t]], [total], options="AddOptions")
            model.node("TANH", [total], [after])
            state = after
        model.ends({"h": first, **{f"x{t}": g for t, g in enumerate(given)}}, {"h": state})
    return model


def _map(name, index):
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name.encode(), index
    return entry
