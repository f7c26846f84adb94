"""A model that does next to nothing, to see what a call costs."""

import numpy as np

from lrkeras.system.optional_imports import require


def smallest_model() -> bytes:
    """A .tflite model that adds one number to itself."""
    schema = require("ai_edge_litert.schema_py_generated")
    flatbuffers = require("flatbuffers")
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.ADD
    code.version = 1
    op = schema.OperatorT()
    op.inputs, op.outputs = np.array([0, 0], np.int32), np.array([1], np.int32)
    op.builtinOptionsType, op.builtinOptions = (
        schema.BuiltinOptions.AddOptions,
        schema.AddOptionsT(),
    )
    graph = schema.SubGraphT()
    graph.tensors = [_number(schema, "x"), _number(schema, "y")]
    graph.inputs, graph.outputs = np.array([0], np.int32), np.array([1], np.int32)
    graph.operators = [op]
    model = schema.ModelT()
    model.version, model.operatorCodes = 3, [code]
    model.subgraphs, model.buffers = [graph], [schema.BufferT()]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _number(schema, name: str):
    tensor = schema.TensorT()
    tensor.name, tensor.shape = name.encode(), np.array([1], np.int32)
    tensor.type, tensor.buffer = schema.TensorType.FLOAT32, 0
    return tensor
