"""Products with int8 activations, whose ranges come from sequences that were run before."""

from typing import Any

import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.passes.measured_ranges import measured_ranges
from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.quantisation import Quantisation

# The versions of the operators that know int8.
_QUANTIZE_VERSION, _DEQUANTIZE_VERSION = 1, 2
_PER_TENSOR_VERSION, _PER_CHANNEL_VERSION = 4, 12
_LEVELS, _LEAST = 255, -128
# Sums of products are int32: a bias leaves them a bit of room.
_LARGEST_BIAS = 2.0**30
# XNNPACK refuses a product whose result is finer than its sums by 256 or more: of zeros only.
_LARGEST_RATIO = 128


def quantize_full_int8(file: ModelFile, context: PassContext) -> None:
    """Makes the products of a file int8 throughout: weights, inputs and results.

    What is between the products stays float32, and so do inputs, outputs and states: an LSTM adds
    to its cell state at every step, and with it the error that int8 makes each time. A range is
    the least and the largest value of all that were measured: a moving average, as other tools
    take it, cuts off what is rare.

    Args:
        file: A float model, edited in place.
        context: Has the sequences to measure the ranges on.

    Raises:
        ConversionError: If filters must stay float32.
    """
    if context.float_filters:
        raise ConversionError(
            "Expected a model without a mel spectrogram for quantize='int8_full', received one: "
            "eight bits cannot hold quiet bands beside loud ones. Use 'int8'."
        )
    file.drop_unused()
    ranges = measured_ranges(file, context)
    for number, graph in enumerate(file.graphs):
        rounded: dict[int, int] = {}  # of a tensor, its int8 copy
        for op, weight in graph.products():
            if weight.dtype != np.float32 or _has_computed_bias(graph, op):
                continue
            source, result = int(op.inputs[0]), int(op.outputs[0])
            if (number, source) not in ranges:
                continue  # no sequence is long enough for a call of this graph
            given, made = (_activation(*ranges[number, tensor]) for tensor in (source, result))
            if source not in rounded:
                rounded[source] = _quantized(graph, source, given)
            step = _quantize_product(graph, op, weight, context.per_channel, given)
            if made.scale[0] * _LARGEST_RATIO < step:
                made = Quantisation(np.array([step / _LARGEST_RATIO], np.float32))
            op.inputs = np.array([rounded[source], *op.inputs[1:]], np.int32)
            _restore_result(graph, op, result, made)


def _has_computed_bias(graph: Graph, op: Any) -> bool:
    bias = int(op.inputs[2]) if len(op.inputs) > 2 else -1
    return bias >= 0 and graph.constant(bias) is None


def _activation(least: float, largest: float) -> Quantisation:
    """Of values in a range that has zero in it."""
    scale = np.float32(max(largest - least, 1e-6) / _LEVELS)
    zero = int(np.clip(round(_LEAST - least / float(scale)), -128, 127))
    return Quantisation(np.array([scale], np.float32), zero_point=zero)


def _quantized(graph: Graph, tensor: int, quantisation: Quantisation) -> int:
    """The int8 copy of a tensor."""
    copy = graph.new_tensor(f"int8_of_{tensor}", graph.shape(tensor), np.int8)
    graph.set_quantisation(copy, quantisation)
    node = graph.new_op("QUANTIZE", _QUANTIZE_VERSION, [tensor], [copy])
    graph.insert([node], after=graph.producers().get(tensor))
    return copy


def _quantize_product(
    graph: Graph, op: Any, weight: np.ndarray, per_channel: bool, given: Quantisation
) -> float:
    """Gives a product an int8 filter and an int32 bias; returns what one of its sums is worth."""
    integers, of_filter = Quantisation.of_int8(weight, axis=0 if per_channel else None)
    tensor = int(op.inputs[2]) if len(op.inputs) > 2 else -1
    bias = graph.constant(tensor) if tensor >= 0 else None
    if bias is not None:
        needed = np.abs(bias) / (given.scale * np.float32(_LARGEST_BIAS))
        if (needed > of_filter.scale).any():
            scale = np.maximum(of_filter.scale, needed if per_channel else needed.max())
            of_filter = Quantisation(scale.astype(np.float32), of_filter.axis)
            columns = scale[:, None] if per_channel else scale
            integers = np.clip(np.rint(weight / columns), -127, 127).astype(np.int8)
    filter_ = graph.new_constant(f"int8_{op.inputs[1]}", integers, of_filter)
    op.inputs = np.array([op.inputs[0], filter_, *op.inputs[2:]], np.int32)
    if bias is not None:
        of_bias = Quantisation((given.scale * of_filter.scale).astype(np.float32))
        stored = np.rint(bias.astype(np.float64) / of_bias.scale).astype(np.int32)
        op.inputs[2] = graph.new_constant(f"int32_{tensor}", stored, of_bias)
    version = _PER_CHANNEL_VERSION if per_channel else _PER_TENSOR_VERSION
    graph.file.set_op(op, "FULLY_CONNECTED", version)
    return float(given.scale[0] * of_filter.scale.max())


def _restore_result(graph: Graph, op: Any, result: int, made: Quantisation) -> None:
    """Lets a product give int8, which is restored behind it."""
    stored = graph.new_tensor(f"int8_product_{result}", graph.shape(result), np.int8)
    graph.set_quantisation(stored, made)
    op.outputs = np.array([stored], np.int32)
    graph.insert([graph.new_op("DEQUANTIZE", _DEQUANTIZE_VERSION, [stored], [result])], after=op)
