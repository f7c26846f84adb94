"""From a Keras model to a .tflite file that was compared with it."""

import contextlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_report import ConversionReport
from lrkeras.export.convertible import check_convertible
from lrkeras.export.delegate_report import DelegateReport
from lrkeras.export.dense_matrices import dense_matrices
from lrkeras.export.doped_fusion import fuse_doped
from lrkeras.export.doped_lstm import DopedLSTM
from lrkeras.export.float32_copy import as_float32
from lrkeras.export.layer_report import LayerReport
from lrkeras.export.layer_rows import fusion_refusal, layer_rows
from lrkeras.export.model_file import ModelFile
from lrkeras.export.parity import THRESHOLDS, ParityError, check_parity, sample_inputs
from lrkeras.export.quantize_weights import quantize_float16, quantize_int8
from lrkeras.export.runtime_version import minimum_runtime, set_minimum_runtime
from lrkeras.export.simplify_lookups import simplify_lookups
from lrkeras.export.sparse_hazards import find_sparse_hazards
from lrkeras.export.step_inputs import given_inputs
from lrkeras.export.step_model import StepModel
from lrkeras.export.step_runner import METADATA_NAME
from lrkeras.export.target_runtime import TargetRuntime
from lrkeras.export.tensorflow_lowering import lower_step
from lrkeras.export.versions import package_versions

FORMS = ("step",)
_FORMAT_VERSION = 1


def convert(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    form: str = "step",
    quantize: str | None = None,
    runtime: str = "latest",
    metadata: Mapping[str, Any] | None = None,
    sample: Any = None,
    steps: int = 12,
    seed: int = 0,
) -> ConversionReport:
    """Converts a recurrent model to a .tflite file, and checks the file against the model.

    The file has the signature `step`: one time step with the batch of one and the time axis of
    length one, so tokens (1, 1) int32 give logits (1, 1, vocabulary). Each state of a recurrent
    layer is an input and an output of the same name, such as `lstm_h` and `lstm_c`: what comes out
    goes back in, and zeros reset it. After a layer with `return_sequences=False` the output is
    that of a sequence which ends at this step. A masked step keeps the states.

    The file gets its name only after it agreed with Keras, with and without XNNPACK and on one
    and two threads.

    Args:
        model: A built Sequential or Functional model: recurrent layers (LSTM, GRU, SimpleRNN, RNN
            with a cell, RHN), and layers that act on single time steps around them.
        path: The file to write; its folder must exist. An existing file is replaced.
        form: `"step"`.
        quantize: `None`: float32. `"float16"`: float16 weights. `"int8"`: int8 weights, float
            activations (dynamic range); a doped LSTM with 1x16 blocks runs on the fused kernel.
        runtime: The oldest runtime that must read the file: `"latest"`, `"2.20"`, `"2.16"` or
            `"2.14"`.
        metadata: More to keep in the file's JSON entry `lrkeras`, such as `{"vocabulary": [...]}`.
        sample: Inputs to compare on, (time, ...) or (1, time, ...), or a dict of them by input
            name; made up from `seed` if None.
        steps: Number of time steps to make up, unless the model's length is fixed.
        seed: Seed of the inputs made up.

    Returns:
        A report of what was written.

    Raises:
        ConversionError: If an option is unknown, the model cannot be converted, the path cannot
            be written, or the file differs from Keras. No file is left in that case, and an
            existing one stays as it is.

    Example:
        >>> model = keras.Sequential([keras.Input((None, 8)), keras.layers.LSTM(16)])
        >>> report = convert(model, "model.tflite", quantize="int8")  # doctest: +SKIP
    """
    _check_options(form, quantize, steps)
    target = TargetRuntime.get(runtime)
    check_convertible(model)
    plain = as_float32(model)
    cell_step = _cell_step if quantize == "int8" else lambda layer: None
    fused = dense_matrices(plain, fused=lambda layer: cell_step(layer) is not None)
    with fused, _written_aside(path) as draft:
        step = StepModel.of(plain, cell_step)
        inputs = given_inputs(step, sample) or sample_inputs(plain, step, steps, seed)
        file = ModelFile(lower_step(step))
        rows = layer_rows(step, quantize)
        _edit(file, step, quantize, target)
        _describe(file, step, quantize, rows, metadata or {})
        with open(draft, "wb") as stream:
            stream.write(file.to_bytes())
        _check_draft(file, draft)
        errors = check_parity(draft, plain, step, inputs, THRESHOLDS[quantize])
        size = os.path.getsize(draft)
    return _report(path, form, quantize, runtime, file, step, rows, errors, size)


def _check_options(form: str, quantize: str | None, steps: int) -> None:
    if form not in FORMS:
        raise ConversionError(f"Expected `form` to be one of {list(FORMS)}, received {form!r}.")
    if quantize not in THRESHOLDS:
        raise ConversionError(
            f"Expected `quantize` to be one of {list(THRESHOLDS)}, received {quantize!r}."
        )
    if steps < 1:
        raise ConversionError(f"Expected `steps` to be at least 1, received {steps}.")


def _cell_step(layer: keras.layers.RNN) -> DopedLSTM | None:
    return DopedLSTM(layer.cell) if fusion_refusal(layer) is None else None


def _edit(
    file: ModelFile,
    step: StepModel,
    quantize: str | None,
    target: TargetRuntime,
) -> None:
    """Turns the float model into the file that was asked for."""
    simplify_lookups(file)
    for cell_step in step.lowerings.values():
        fuse_doped(file, cell_step.weight, target.per_channel)
    if quantize == "int8":
        quantize_int8(file, target.per_channel)
    if quantize == "float16":
        quantize_float16(file)
    set_minimum_runtime(file)


def _describe(
    file: ModelFile,
    step: StepModel,
    quantize: str | None,
    rows: list[LayerReport],
    extra: Mapping[str, Any],
) -> None:
    """Writes the JSON entry `lrkeras` into the file's metadata."""
    entry = {
        "version": _FORMAT_VERSION,
        "form": "step",
        "quantize": quantize,
        "structures": {row.name: row.structure for row in rows},
        "states": step.state_names,
        **extra,
    }
    try:
        text = json.dumps(entry)
    except TypeError as error:
        raise ConversionError(
            f"Expected `metadata` of strings, numbers, lists and dicts, which JSON holds: {error}."
        ) from error
    file.set_metadata(METADATA_NAME, text.encode())
    file.drop_unused()


def _check_draft(file: ModelFile, path: str) -> None:
    custom = sorted({file.op_name(op) for op in file.graph.operators if _is_custom(file, op)})
    if custom:
        raise ConversionError(f"Expected built-in operators only, received {custom}.")
    hazards = find_sparse_hazards(path)
    if hazards:
        raise ConversionError(
            f"Expected sparse filters in nodes that XNNPACK leaves alone, received {hazards}."
        )


def _is_custom(file: ModelFile, op: Any) -> bool:
    return file.op_name(op).startswith("CUSTOM")


@contextlib.contextmanager
def _written_aside(path: str | os.PathLike) -> Iterator[str]:
    """The path of a temporary file beside `path`, which becomes `path` if the block succeeds."""
    path = os.fspath(path)
    if os.path.isdir(path):
        raise ConversionError(f"Expected the path of a file, received the folder {path!r}.")
    folder, name = os.path.split(os.path.abspath(path))
    try:
        handle, draft = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".draft")
    except OSError as error:
        raise ConversionError(
            f"Expected a path that can be written, received {path!r}: {error}."
        ) from error
    os.close(handle)
    try:
        yield draft
        # Temporary files are private; the result has the permissions of an ordinary new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(draft, 0o666 & ~mask)
        os.replace(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def _report(
    path: str | os.PathLike,
    form: str,
    quantize: str | None,
    runtime: str,
    file: ModelFile,
    step: StepModel,
    rows: list[LayerReport],
    errors: list[ParityError],
    size: int,
) -> ConversionReport:
    inputs = [tuple(tensor.shape) for tensor in step.model.inputs]
    outputs = [tuple(tensor.shape) for tensor in step.model.outputs]
    count = len(step.input_names)
    return ConversionReport(
        path=os.fspath(path),
        form=form,
        quantize=quantize,
        runtime=runtime,
        minimum_runtime=minimum_runtime(file),
        file_bytes=size,
        inputs=dict(zip(step.input_names, inputs, strict=False)),
        outputs=dict(zip(step.output_names, outputs, strict=False)),
        states=dict(zip(step.state_names, inputs[count:], strict=True)),
        layers=rows,
        operators=dict(Counter(file.op_name(op) for op in file.graph.operators)),
        parity=errors,
        threshold=THRESHOLDS[quantize],
        versions=package_versions(),
        delegates=DelegateReport.of(path),
    )
