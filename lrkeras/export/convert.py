"""From a Keras model to a .tflite file that was compared with it."""

import contextlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras

from lrkeras.export.check_model import check_convertible
from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_report import ConversionReport
from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.form import Form
from lrkeras.export.layer_rows import LayerReport, fusion_refusal, layer_rows
from lrkeras.export.lowering.tensorflow_lowering import lower
from lrkeras.export.parity import (
    BY_WHAT_LASTS,
    THRESHOLDS,
    ParityError,
    check_parity,
    sample_inputs,
)
from lrkeras.export.passes.drop_negative_ids import simplify_lookups
from lrkeras.export.passes.full_int8 import quantize_full_int8
from lrkeras.export.passes.fuse_block_sparse import fuse_doped
from lrkeras.export.passes.quantize_weights import quantize_float16, quantize_int8, quantize_tables
from lrkeras.export.products.deployed_products import DeployedProducts
from lrkeras.export.products.doped_lstm import DopedLSTM
from lrkeras.export.runtime.step_runner import METADATA_NAME
from lrkeras.export.steps.recurrent_cell import RecurrentCell
from lrkeras.export.steps.step_builder import StepBuilder
from lrkeras.export.steps.step_inputs import given_inputs, of_length
from lrkeras.export.steps.step_model import StepModel
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.runtime_version import (
    TargetRuntime,
    minimum_runtime,
    set_minimum_runtime,
)
from lrkeras.export.tflite.sparse_hazards import find_sparse_hazards
from lrkeras.model_graph.float32_copy import as_float32
from lrkeras.system.atomic_write import written_whole
from lrkeras.system.versions import package_versions

_FORMAT_VERSION = 1
# Steps to compare on, where nothing says otherwise.
_STEPS = 12


def convert(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    form: str = "step",
    forms: Sequence[str] | None = None,
    chunk: int | None = None,
    quantize: str | None = None,
    runtime: str = "latest",
    metadata: Mapping[str, Any] | None = None,
    sample: Any = None,
    steps: int | None = None,
    seed: int = 0,
) -> ConversionReport:
    """Converts a recurrent model to a .tflite file, and checks the file against the model.

    The file has a signature for each form, of the same name, with a batch of one. Each state of a
    recurrent layer is an input and an output of the same name, such as `lstm_h` and `lstm_c`:
    what comes out goes back in, and zeros reset it. A causal `Conv1D` has its last inputs as a
    state. A masked step keeps the states. The forms:

    * `"step"`: one time step, with a time axis of length one, so tokens (1, 1) int32 give logits
      (1, 1, vocabulary). After a layer with `return_sequences=False` the output is that of a
      sequence which ends at this step.
    * `"chunk_16"`, or any other number from 2: as many steps at once, with the states of a step.
      The inputs of each layer are multiplied in one product.
    * `"sequence"`: a sequence of a fixed length from states of zeros, without states; the only
      form for layers that need all of it, such as `Bidirectional`.

    A file with several forms holds each weight once, and a runtime makes one copy of the recurrent
    ones for all steps and forms. The file gets its name only after every signature agreed with
    Keras, with and without XNNPACK and on one and two threads.

    Args:
        model: A built Sequential or Functional model: recurrent layers (LSTM, GRU, SimpleRNN, RNN
            with a cell, RHN), and layers that act on single time steps around them.
        path: The file to write; its folder must exist. An existing file is replaced.
        form: The form of a file with one.
        forms: Several forms for one file, in place of `form`.
        chunk: Steps of the form `"chunk"`, which then is short for `"chunk_N"`.
        quantize: `None`: float32. `"float16"`: float16 weights. `"int8"`: int8 weights, float
            activations (dynamic range); a doped LSTM with 1x16 blocks runs on the fused kernel.
            `"int8_full"`: int8 products with int8 inputs and results, whose ranges are those of
            `sample`, for hardware that has nothing else; slower than `"int8"` on a CPU.
        runtime: The oldest runtime that must read the file: `"latest"`, `"2.20"`, `"2.16"` or
            `"2.14"`.
        metadata: More to keep in the file's JSON entry `lrkeras`, such as `{"vocabulary": [...]}`.
        sample: Inputs to compare on, and to measure ranges on, (time, ...) or (1, time, ...), or a
            dict of them by input name; made up from `seed` if None.
        steps: Number of time steps to make up, 12 if None, and the length of the form
            `"sequence"`; unless the model's length is fixed. Chunks are compared on two of them
            at least.
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
    wanted = Form.all_of(form, forms, chunk)
    _check_options(quantize, steps, sample)
    target = TargetRuntime.get(runtime)
    check_convertible(model)
    wanted = [one.settled(model, steps) for one in wanted]
    plain = as_float32(model)
    cell_step = _cell_step if quantize == "int8" else lambda layer: None
    products = DeployedProducts(plain, quantize, lambda layer: cell_step(layer) is not None)
    # The quantiser of activations does not follow calls of subroutines.
    outlined = wanted != [Form()] and quantize != "int8_full"
    with _written_whole(path) as draft:
        # What the file is compared with afterwards has the products that Keras has.
        with products.in_place():
            cell_of = _cells(cell_step, outlined)
            models = [StepBuilder(plain, cell_of, one).build() for one in wanted]
            step = _reference(plain, cell_of, models)
            inputs = _inputs(plain, step, wanted, sample, steps or _STEPS, seed)
            rows = layer_rows(models[0], quantize, products)
            file = lower(models)
        file = _edited(file, models, quantize, target, inputs, products)
        _describe(file, models, quantize, rows, metadata or {})
        with open(draft, "wb") as stream:
            stream.write(file.to_bytes())
        _check_draft(file, draft)
        lasting = quantize in BY_WHAT_LASTS
        errors = check_parity(draft, plain, step, inputs, THRESHOLDS[quantize], wanted, lasting)
        size = os.path.getsize(draft)
    return _report(path, quantize, runtime, file, models, rows, errors, size)


@contextlib.contextmanager
def _written_whole(path: str | os.PathLike) -> Iterator[str]:
    """A draft that becomes the file; a path that cannot be written is a `ConversionError`."""
    try:
        with written_whole(path) as draft:
            yield os.fspath(draft)
    except OSError as error:
        raise ConversionError(
            f"Expected a path that can be written, received {os.fspath(path)!r}: {error}."
        ) from error


def _check_options(quantize: str | None, steps: int | None, sample: Any) -> None:
    if quantize == "int8_full" and sample is None:
        raise ConversionError(
            "Expected `sample` with quantize='int8_full', received None: give a sequence of real "
            "inputs, long enough to show the range of every activation."
        )
    if quantize not in THRESHOLDS:
        reason = " Four bits take a model that was trained for them." if quantize == "int4" else ""
        raise ConversionError(
            f"Expected `quantize` to be one of {list(THRESHOLDS)}, received {quantize!r}.{reason}"
        )
    if steps is not None and steps < 1:
        raise ConversionError(f"Expected `steps` to be at least 1, received {steps}.")


def _cells(cell_step: Callable, outlined: bool) -> Callable[[keras.layers.RNN], RecurrentCell]:
    """A function that gives the cell of a layer, always the same one."""
    known: dict[int, RecurrentCell] = {}

    def cell_of(layer: keras.layers.RNN) -> RecurrentCell:
        if id(layer) not in known:
            known[id(layer)] = RecurrentCell(layer, cell_step(layer), outlined)
        return known[id(layer)]

    return cell_of


def _reference(plain: keras.Model, cell_of: Callable, models: list[StepModel]) -> StepModel:
    """The model that the signatures are compared with step by step, if they can be."""
    found = next((m for m in models if m.form == Form()), None)
    if found is None and any(m.form.has_states for m in models):
        return StepBuilder(plain, cell_of, Form()).build()
    return found or models[0]


def _inputs(
    plain: keras.Model,
    step: StepModel,
    wanted: list[Form],
    sample: Any,
    steps: int,
    seed: int,
) -> dict[str, Any]:
    length = step.length_of(plain) or steps
    chunks = [2 * one.steps for one in wanted if one.kind == "chunk" and one.steps]
    sequences = [one.steps for one in wanted if one.kind == "sequence" and one.steps]
    given = given_inputs(step, sample)
    if given is not None:
        length = next(iter(given.values())).shape[1]
    # A sequence is compared with a whole one of its own length.
    length = max(sequences or [length, *chunks])
    return of_length(given or sample_inputs(plain, step, length, seed), length)


def _cell_step(layer: keras.layers.RNN) -> DopedLSTM | None:
    return DopedLSTM(layer.cell) if fusion_refusal(layer) is None else None


def _edited(
    file: ModelFile,
    models: list[StepModel],
    quantize: str | None,
    target: TargetRuntime,
    inputs: dict[str, Any],
    products: DeployedProducts,
) -> ModelFile:
    """Turns the float model into the file that was asked for."""
    simplify_lookups(file)
    for cell_step in models[0].lowerings.values():
        fuse_doped(file, cell_step.weight, target.per_channel)
    products.write(file, target.per_channel)
    if quantize == "int8":
        kept = models[0].float_weights
        quantize_int8(file, target.per_channel, [model.form.steps or 1 for model in models], kept)
    if quantize == "float16":
        quantize_float16(file)
    if quantize == "int8_full":
        if models[0].float_weights:
            raise ConversionError(
                "Expected a model without a mel spectrogram for quantize='int8_full', received "
                "one: eight bits cannot hold quiet bands beside loud ones. Use 'int8'."
            )
        file.drop_unused()
        file = quantize_full_int8(file.to_bytes(), [model.form for model in models], inputs)
        quantize_tables(file)
    set_minimum_runtime(file)
    return file


def _describe(
    file: ModelFile,
    models: list[StepModel],
    quantize: str | None,
    rows: list[LayerReport],
    extra: Mapping[str, Any],
) -> None:
    """Writes the JSON entry `lrkeras` into the file's metadata."""
    entry = {
        "version": _FORMAT_VERSION,
        "form": models[0].form.name,
        "forms": [model.form.name for model in models],
        "quantize": quantize,
        "structures": {row.name: row.structure for row in rows},
        "states": models[0].state_names,
        **_audio(models[0]),
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


def _audio(step: StepModel) -> dict[str, int]:
    """What a runner must know about raw samples: how many in a second, and in a step."""
    for layer in step.spectrograms.values():
        return {"sample_rate": layer.sampling_rate, "hop": layer.sequence_stride}
    return {}


def _check_draft(file: ModelFile, path: str) -> None:
    custom = sorted({name for name in _operators(file) if name.startswith("CUSTOM")})
    if custom:
        raise ConversionError(f"Expected built-in operators only, received {custom}.")
    hazards = find_sparse_hazards(path)
    if hazards:
        raise ConversionError(
            f"Expected sparse filters in nodes that XNNPACK leaves alone, received {hazards}."
        )


def _operators(file: ModelFile) -> dict[str, int]:
    """How often the file has each operator, in all its graphs."""
    names = [file.op_name(op) for graph in file.model.subgraphs for op in graph.operators]
    return dict(Counter(names))


def _report(
    path: str | os.PathLike,
    quantize: str | None,
    runtime: str,
    file: ModelFile,
    models: list[StepModel],
    rows: list[LayerReport],
    errors: list[ParityError],
    size: int,
) -> ConversionReport:
    signatures = {model.form.name: _shapes(model) for model in models}
    first = models[0].form.name
    return ConversionReport(
        path=os.fspath(path),
        form=first,
        quantize=quantize,
        runtime=runtime,
        minimum_runtime=minimum_runtime(file),
        file_bytes=size,
        **signatures[first],
        layers=rows,
        operators=_operators(file),
        parity=errors,
        threshold=THRESHOLDS[quantize],
        versions=package_versions(),
        signatures=signatures,
        delegates=DelegateReport.of(path),
    )


def _shapes(step: StepModel) -> dict[str, dict[str, tuple[int, ...]]]:
    """Shapes of the inputs, outputs and states of a signature."""
    inputs = [tuple(tensor.shape) for tensor in step.model.inputs]
    outputs = [tuple(tensor.shape) for tensor in step.model.outputs]
    return {
        "inputs": dict(zip(step.input_names, inputs, strict=False)),
        "outputs": dict(zip(step.output_names, outputs, strict=False)),
        "states": dict(zip(step.state_names, inputs[len(step.input_names) :], strict=True)),
    }
