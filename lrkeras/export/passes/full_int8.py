"""Products with int8 activations, whose ranges come from sequences that were run before."""

import contextlib
import io
import warnings
from typing import Any

import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.system.optional_imports import require

_Ranges = dict[str, dict[str, np.ndarray]]


def quantize_full_int8(file: ModelFile, context: PassContext) -> None:
    """Makes the products of a file int8 throughout: weights, inputs and results.

    What is between the products stays float32, and so do inputs, outputs and states: an LSTM adds
    to its cell state at every step, and with it the error that int8 makes each time.

    Args:
        file: A float model, edited in place.
        context: Has the sequences to measure the ranges on.

    Raises:
        ConversionError: If filters must stay float32, which the quantiser cannot be told.
    """
    if context.float_filters:
        raise ConversionError(
            "Expected a model without a mel spectrogram for quantize='int8_full', received one: "
            "eight bits cannot hold quiet bands beside loud ones. Use 'int8'."
        )
    file.drop_unused()
    data = file.to_bytes()
    quantizer = require("ai_edge_quantizer.quantizer", extra="quantize")
    recipes = require("ai_edge_quantizer.recipe_manager", extra="quantize")
    types = require("ai_edge_quantizer.qtyping", extra="quantize")
    recipe = recipes.RecipeManager()
    recipe.add_static_config(
        regex=".*",
        operation_name=types.TFLOperationName.FULLY_CONNECTED,
        activation_num_bits=8,
        weight_num_bits=8,
    )
    with _quiet():
        tool = quantizer.Quantizer(data, recipe.get_quantization_recipe())
        result = tool.quantize(
            _ranges(data, context),
            enable_progress_bar=False,
            enable_progress_report=False,
        )
    file.load(bytes(result.quantized_model))
    _restore_outputs(file)


def _restore_outputs(file: ModelFile) -> None:
    """Makes the outputs of each graph those of its signature again.

    The quantiser puts the int8 copy that a product reads in the place of an output that goes
    straight into the product, and leaves the signature as it was.
    """
    for graph in file.graphs:
        for signature in graph.signatures():
            named = [t.tensorIndex for t in signature.outputs]
            lost = iter(sorted(set(named) - set(graph.outputs)))
            outputs = [t if t in named else next(lost, t) for t in graph.outputs]
            graph.subgraph.outputs = np.array(outputs, np.int32)


def _ranges(data: bytes, context: PassContext) -> _Ranges:
    """The least and the largest value of each float tensor, in the form the quantiser takes.

    Its own calibration takes moving averages, which cut off what is rare.
    """
    module = require("ai_edge_litert.interpreter")
    ranges: _Ranges = {}
    inputs = context.inputs
    for index, signature in enumerate(context.signatures):
        interpreter = module.Interpreter(
            model_content=data,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=(module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES),
        )
        runner = SignatureRunner(interpreter, signature)
        count = len(next(iter(inputs.values())))
        for begin in range(0, count, runner.batch):
            rows = np.arange(begin, begin + runner.batch) % count
            sequence = {name: value[rows] for name, value in inputs.items()}
            states = runner.zero_states()
            for start in runner.starts(sequence):
                _, states = runner(runner.cut(sequence, start), states)
                for detail in interpreter.get_tensor_details(index):
                    _widen(ranges, interpreter, detail, index)
    return ranges


def _widen(ranges: _Ranges, interpreter: Any, detail: dict[str, Any], graph: int) -> None:
    if detail["dtype"] != np.float32:
        return
    value = interpreter.get_tensor(detail["index"], graph)
    if not value.size:
        return
    shape = (1,) * value.ndim
    known = ranges.get(detail["name"], {"min": np.inf, "max": -np.inf})
    ranges[detail["name"]] = {
        "min": np.full(shape, min(value.min(), np.min(known["min"])), np.float32),
        "max": np.full(shape, max(value.max(), np.max(known["max"])), np.float32),
    }


@contextlib.contextmanager
def _quiet() -> Any:
    """Keeps the tools' progress and warnings to themselves."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
