"""From Keras models to a float .tflite model: the one place that touches TensorFlow."""

import contextlib
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.lowering.link_subroutines import CALL, GRAPH, link_subroutines
from lrkeras.export.steps.step_model import StepModel
from lrkeras.export.steps.subroutine import Subroutine, TensorSpec
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.system.held_folder import scratch_folder
from lrkeras.system.optional_imports import require

# In what the converter says: operators that it cannot translate, and where they stand.
_MISSING = re.compile(r"^(?:TF Select|Custom) ops: (.+)$", re.MULTILINE)
_PLACES = re.compile(r'error: loc\(callsite\(fused\["(\w+):", "([^"@]+)@')


def lower(steps: Sequence[StepModel]) -> ModelFile:
    """Traces models with the TensorFlow backend and converts them, without quantising.

    Returns:
        A .tflite model with float32 weights and a signature for each model, in their order.

    Raises:
        ConversionError: If a model needs operators that are not built into the runtime.
    """
    tf = require("tensorflow")
    subroutines = _subroutines(steps)
    names = [step.form.name for step in steps]
    with _stand_ins(tf, subroutines), _plain_sums(tf):
        module, signatures = tf.Module(), {}
        for step in steps:
            signatures[step.form.name] = _trace(tf, step)
        for index, subroutine in enumerate(subroutines):
            signatures[f"{GRAPH}{index}"] = _trace_subroutine(tf, subroutine)
        module.functions = signatures
        # Saving demands that the module owns what the functions read.
        module.variables_they_read = [
            variable
            for function in signatures.values()
            for variable in function.get_concrete_function().graph.variables
        ]
        file = ModelFile(_convert(tf, module, signatures))
    link_subroutines(file, names, subroutines)
    return file


def _subroutines(steps: Sequence[StepModel]) -> list[Subroutine]:
    cells = {id(cell): cell for step in steps for cell in step.cells}
    return [routine for cell in cells.values() for routine in cell.subroutines]


def _convert(tf: Any, module: Any, signatures: dict[str, Any]) -> bytes:
    concrete = {name: f.get_concrete_function() for name, f in signatures.items()}
    with scratch_folder() as folder, warnings.catch_warnings():
        # Deprecations inside TensorFlow are not the caller's concern.
        warnings.simplefilter("ignore")
        tf.saved_model.save(module, folder, signatures=concrete)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=list(signatures)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        # The calls of subroutines, which `link_subroutines` replaces.
        converter.allow_custom_ops = any(name.startswith(GRAPH) for name in signatures)
        try:
            return converter.convert()
        except Exception as error:
            # The converter raises several undocumented types.
            raise ConversionError(
                f"Expected a model that the runtime's built-in operators can run, {_told(error)}"
            ) from error


def _trace(tf: Any, step: StepModel) -> Any:
    names = [*step.input_names, *step.state_names]
    results = [*step.output_names, *step.state_names]
    specs = [
        tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
        for name, tensor in zip(names, step.model.inputs, strict=True)
    ]

    def call(*tensors):
        outputs = step.model(list(tensors), training=False)
        return _named(tf, results, outputs if isinstance(outputs, (list, tuple)) else [outputs])

    return tf.function(call, input_signature=specs, autograph=False)


def _trace_subroutine(tf: Any, subroutine: Subroutine) -> Any:
    def call(*tensors):
        outputs = subroutine.function(*tensors)
        return _named(tf, [f"o{index}" for index in range(len(outputs))], outputs)

    return tf.function(call, input_signature=_specs(tf, subroutine.inputs), autograph=False)


def _specs(tf: Any, specs: list[TensorSpec]) -> list[Any]:
    return [tf.TensorSpec(s.shape, s.dtype, name=f"i{i}") for i, s in enumerate(specs)]


def _named(tf: Any, names: list[str], outputs: list[Any]) -> dict[str, Any]:
    # Without the identity, two names for one tensor would become one output.
    return {n: tf.identity(output) for n, output in zip(names, outputs, strict=True)}


@contextlib.contextmanager
def _stand_ins(tf: Any, subroutines: list[Subroutine]) -> Iterator[None]:
    """While it lasts, subroutines are traced as calls of a custom operator with their number."""
    with contextlib.ExitStack() as stack:
        for index, subroutine in enumerate(subroutines):
            stack.enter_context(subroutine.replaced(_stand_in(tf, index, subroutine)))
        yield


@contextlib.contextmanager
def _plain_sums(tf: Any) -> Iterator[None]:
    """While it lasts, biases along the second axis are sums.

    Keras takes a sum of shapes (1, T, 1) for an image's bias in the layout NCHW, which the
    converter refuses for other ranks than four.
    """
    original = tf.nn.bias_add

    def bias_add(value: Any, bias: Any, data_format: Any = None, name: Any = None) -> Any:
        if data_format != "NCHW":
            return original(value, bias, data_format=data_format, name=name)
        return tf.add(value, tf.reshape(bias, (-1, *[1] * (len(value.shape) - 2))), name=name)

    tf.nn.bias_add = bias_add
    try:
        yield
    finally:
        tf.nn.bias_add = original


def _stand_in(tf: Any, index: int, subroutine: Subroutine) -> Any:
    def call(*tensors):
        # Only the shapes count: the converter makes one operator of it.
        return [tf.zeros(spec.shape, spec.dtype) for spec in subroutine.outputs]

    marker = f'name: "{CALL}{index}" attr {{ key: "tfl_fusable_op" value {{ b: true }} }}'
    specs = _specs(tf, subroutine.inputs)
    return tf.function(call, input_signature=specs, autograph=False, experimental_implements=marker)


def _told(error: Exception) -> str:
    """What the TensorFlow converter refuses: the operators, out of many lines that it prints."""
    said = str(error)
    names = [n for line in _MISSING.findall(said) for n in line.replace(" ", "").split(",")]
    if not names:
        lines = (line.strip() for line in said.splitlines()[:3])
        return (
            f"received one that the TensorFlow converter refuses: {' '.join(filter(None, lines))}"
        )
    places = {name: place for name, place in _PLACES.findall(said) if name in names}
    told = ", ".join(f"{n} (`{places[n]}`)" if n in places else n for n in sorted(set(names)))
    advice = (
        "Write it with other operations of keras.ops, or convert the part of the model before or "
        "after it."
    )
    if re.search(r"tensor<[0-9x]*f64>", said):
        advice = (
            "It computes in float64 there, as NumPy arrays do that become part of a model: give "
            "them as array.astype('float32')."
        )
    return f"received one with operators that it has not: {told}. {advice}"
