"""From a Keras step model to a float .tflite model: the one place that touches TensorFlow."""

import tempfile
import warnings

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.optional_imports import require
from lrkeras.export.step_model import StepModel

SIGNATURE = "step"


def lower_step(step: StepModel) -> bytes:
    """Traces a step model with the TensorFlow backend and converts it, without quantising.

    Returns:
        A .tflite model with float32 weights and the signature `step`.

    Raises:
        ConversionError: If the model needs operators that are not built into the runtime.
    """
    tf = require("tensorflow")
    module = _trace(tf, step)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Deprecations inside TensorFlow are not the caller's concern.
        warnings.simplefilter("ignore")
        signature = module.step.get_concrete_function()
        tf.saved_model.save(module, folder, signatures={SIGNATURE: signature})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            return converter.convert()
        except Exception as error:
            # The converter raises several undocumented types.
            raise ConversionError(
                "Expected a model that the runtime's built-in operators can run, received one "
                f"that the TensorFlow converter refuses: {_first_lines(error)}"
            ) from error


def _trace(tf, step: StepModel):
    names = [*step.input_names, *step.state_names]
    results = [*step.output_names, *step.state_names]
    specs = [
        tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
        for name, tensor in zip(names, step.model.inputs, strict=True)
    ]

    def call(*tensors):
        outputs = step.model(list(tensors), training=False)
        # Without the identity, two names for one tensor would become one output.
        outputs = [tf.identity(output) for output in outputs]
        return dict(zip(results, outputs, strict=True))

    module = tf.Module()
    module.step = tf.function(call, input_signature=specs, autograph=False)
    # Saving demands that the module owns what the function reads.
    module.variables_it_reads = list(module.step.get_concrete_function().graph.variables)
    return module


def _first_lines(error: Exception) -> str:
    return " ".join(line.strip() for line in str(error).splitlines()[:3] if line.strip())
