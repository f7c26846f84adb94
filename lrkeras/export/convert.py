"""From a Keras model to a .tflite file that was compared with it."""

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from lrkeras.export.automatic_form import seq2seq_choice, settled_forms
from lrkeras.export.check_draft import check_draft
from lrkeras.export.check_model import check_convertible
from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_failure import draft_of, told_plainly
from lrkeras.export.conversion_plan import ConversionPlan
from lrkeras.export.conversion_report import ConversionReport
from lrkeras.export.convert_seq2seq import convert_seq2seq
from lrkeras.export.cutting.cut_model import CutModel
from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.file_entry import file_entry
from lrkeras.export.form import AUTO, Form
from lrkeras.export.lowering.tensorflow_lowering import lower
from lrkeras.export.parity.check_parity import check_parity
from lrkeras.export.parity.comparison_inputs import (
    comparison_inputs,
    given_inputs,
    of_length,
    windows_of,
)
from lrkeras.export.passes.float_edits import FLOAT_EDITS
from lrkeras.export.quantization import Quantization
from lrkeras.export.rounded_source import RoundedSource
from lrkeras.export.steps.step_model import StepModel
from lrkeras.export.tflite.metadata_entry import METADATA_NAME
from lrkeras.export.tflite.runtime_version import TargetRuntime, set_minimum_runtime

_WINDOWS_FOR_RANGES = 100


def convert(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    form: str = "step",
    forms: Sequence[str] | None = None,
    chunk: int | None = None,
    quantize: str | Quantization | None = None,
    runtime: str = "latest",
    metadata: Mapping[str, Any] | None = None,
    sample: Any = None,
    steps: int | None = None,
    batch: int = 1,
    seed: int = 0,
    decoder_inputs: Sequence[str] | None = None,
) -> ConversionReport:
    """Converts a recurrent model to a .tflite file, and checks the file against the model.

    The file has a signature for each form, of the same name, with a batch of one, or of `batch`.
    Each state of a recurrent layer is an input and an output of the same name, such as `lstm_h`
    and `lstm_c`, or as the model's own inputs are called where these are the states (of a
    decoder): what comes out goes back in, and zeros reset it. A masked step keeps the states.
    Convolutions over time, and layers over a window of fixed length (`Flatten`, global pooling,
    causal attention), have their last inputs as states. A convolution that looks ahead gives its
    results some steps later, and so do all layers after it: `report.delays` says how many. The
    forms:

    * `"auto"`: `"step"` where every layer can stream, `"seq2seq"` for an encoder and a decoder
      whose targets have an open length, else `"sequence"`; `report.choice` says which layer
      decided.
    * `"step"`: one time step, with a time axis of length one, so tokens (1, 1) int32 give logits
      (1, 1, vocabulary). After a layer with `return_sequences=False` the output is that of a
      sequence which ends at this step.
    * `"chunk_16"`, or any other number from 2: as many steps at once, with the states of a step.
      The inputs of each layer are multiplied in one product. Strides and pooling over time need
      chunks of a multiple of them.
    * `"sequence"`: a sequence of a fixed length from states of zeros, without states; the only
      form for layers that need all of it, such as `Bidirectional`.
    * `"seq2seq"`, alone: a training model of encoder and decoder (teacher forcing) as two
      signatures. `encode` takes a source of a fixed length and gives the initial states of the
      decoder, and what that reads of the encoder (its outputs and their mask, for attention).
      `decode` takes one target step, the states and that, and gives scores and new states.
      `Seq2SeqRunner` runs it.

    A file with several forms holds each weight once, and a runtime makes one copy of the recurrent
    ones for all steps and forms.

    What a runner does for a file is cut off the model, and `report.cut` says so:
    `TextVectorization`, `StringLookup` and `IntegerLookup` in front (the file takes their ids;
    vocabulary and settings are `text` in its metadata, which
    `lrkeras.export.runtime.text_input.TextInput` follows), an inverted lookup at the end (`labels`
    in the metadata), a CTC loss (the file gives what goes into it).

    The file gets its name only after it was held against Keras. What is promised of every file that
    is written, on the inputs that it was compared on (`sample`, or random ones):

    * at least 256 results of each output were compared: the time steps of a long stream, or the
      results of 256 windows, where the model gives one for each or has a fixed length;
    * every signature ran with and without XNNPACK, on one and on two threads (with more than 64
      windows, on the first 64 but for one thread with XNNPACK);
    * the norm of the error of all results of an output is at most 10 % of the norm of Keras's
      values (float32: 0.01 %);
    * no entry of an output or a state is off by more than 20 % of the largest value in half of the
      results (float32: 0.01 %);
    * the largest entry of an output, the first choice of a classifier or a language model, is
      another one than Keras's in at most 5 % of the results (float32: 0.1 %), ties apart: choices
      whose values differ by less than 2 % of the usual distance between largest and smallest.

    The rule is the same for float16, int8 and int8_full, so a finer file is not refused where a
    coarser one is written. Single results may be farther off. `report.parity` has the numbers.

    Args:
        model: A built Sequential or Functional model: recurrent layers (LSTM, GRU, SimpleRNN, RNN
            with a cell, RHN), and layers that act on single time steps around them.
        path: The file to write; its folder must exist. An existing file is replaced.
        form: The form of a file with one.
        forms: Several forms for one file, in place of `form`.
        chunk: Steps of the form `"chunk"`, which then is short for `"chunk_N"`.
        quantize: The name of a `Quantization`, or an object of that class. `None`: float32.
            `"float16"`: float16 weights. `"int8"`: int8 weights, float activations (dynamic
            range); a doped LSTM with 1x16 blocks runs on the fused kernel. `"int4"`: weights of
            four bits, those of a `quantize_aware` model exactly as it computes with them, those of
            any other rounded here, which costs a word model some percent of perplexity; what four
            bits cannot hold is int8. It is compared with the Keras model whose weights were rounded
            the same way, and needs runtime 2.20 if it looks up in tables. `"int8_full"`: int8
            products with int8 inputs and results, whose ranges are those of `sample`, for hardware
            that has nothing else; slower than `"int8"` on a CPU.
        runtime: The oldest runtime that must read the file: `"latest"`, `"2.20"`, `"2.16"` or
            `"2.14"`.
        metadata: More to keep in the file's JSON entry `lrkeras`, such as `{"vocabulary": [...]}`.
            From 4 KiB on it is deflated and named `lrkeras.zlib`; `StepRunner.metadata` and the
            Android demo read both.
        sample: Inputs to compare on, and to measure ranges on: (time, ...), or (n, time, ...) for n
            sequences, or a dict of them by input name, or a generator of these; texts or tokens
            where a layer of text is cut off. Where windows are compared, these are cut out of it,
            evenly spaced; a sequence that is too short starts again. If None, random ones are made
            up from `seed`; a trained model may amplify rounding on what it never saw, so real
            inputs are the better judge.
        steps: The length of the form `"sequence"`, of the source of `"seq2seq"`, and of the
            windows that are compared, where the model's length is open. If None, 12 for a model
            with one result for each window (of `sample`, up to 100), and one stream of 256 (of
            `sample`, up to 1,000) for any other.
        batch: Streams, or sequences, that the file runs at once: the first axis of its inputs,
            outputs and states. Each is computed as if it were alone.
        seed: Seed of the inputs made up.
        decoder_inputs: With the form `"seq2seq"`, names of the inputs that are target steps. If
            None, those that recurrent layers with an `initial_state` read as their sequence.

    Returns:
        A report of what was written.

    Raises:
        ConversionError: If an option is unknown, the model cannot be converted, the path cannot
            be written, the file differs from Keras, or anything else fails. No file is left in
            that case, and an existing one stays as it is.
        ImportError: If a package is missing; the message says how to install it.

    Example:
        >>> model = keras.Sequential([keras.Input((None, 8)), keras.layers.LSTM(16)])
        >>> report = convert(model, "model.tflite", quantize="int8")  # doctest: +SKIP
    """
    names = list(forms) if forms is not None else [form]
    choice = seq2seq_choice(model) if names == [AUTO] else None
    if names == ["seq2seq"] or choice is not None:
        if batch != 1:
            raise ConversionError(
                f"Expected batch=1 with form='seq2seq', received batch={batch}: a runner decodes "
                "one source at a time. Leave it out."
            )
        report = convert_seq2seq(
            model,
            path,
            quantize=quantize,
            runtime=runtime,
            metadata=metadata,
            sample=sample,
            steps=steps,
            seed=seed,
            decoder_inputs=decoder_inputs,
        )
        return dataclasses.replace(report, choice=choice)
    if decoder_inputs is not None:
        raise ConversionError(
            f"Expected `decoder_inputs` with form='seq2seq' only, received {decoder_inputs!r}."
        )
    wanted = Form.all_of(form, forms, chunk)
    quantization = Quantization.get(quantize)
    target = TargetRuntime.get(runtime)
    _check_options(quantization, steps, batch, sample)
    check_convertible(model)
    with told_plainly(model.name):
        cut = CutModel.of(model, sample)
    model, sample = cut.model, cut.sample
    with draft_of(path) as draft, told_plainly(model.name):
        source = RoundedSource.of(model, quantization)
        wanted, choice = settled_forms(wanted, source, steps, batch)
        if any(one.has_states for one in wanted):
            source = source.with_states()
        plan = ConversionPlan(source, wanted, quantization)
        with plan.traced():
            given = given_inputs(plan.reference, sample)
            rows = plan.rows()
            file = lower(plan.models)
        context = plan.pass_context(target.per_channel, _for_ranges(given, plan.reference, wanted))
        for edit in (*FLOAT_EDITS, *quantization.passes):
            edit(file, context)
        set_minimum_runtime(file)
        entry = file_entry(plan.models, quantization, rows, cut.metadata | dict(metadata or {}))
        file.set_metadata(METADATA_NAME, entry, deflate=True)
        file.drop_unused()
        draft.write_bytes(file.to_bytes())
        check_draft(file, draft)
        inputs = comparison_inputs(plan.model, plan.reference, wanted, given, steps, seed)
        errors = check_parity(
            draft, plan.model, plan.reference, inputs, quantization, wanted, made_up=given is None
        )
        delegates = dataclasses.replace(DelegateReport.of(draft), path=os.fspath(path))
        report = ConversionReport.of(
            path, file, plan.models, quantization, target, rows, errors, delegates
        )
        report = dataclasses.replace(report, choice=choice)
        if source.bits is not None:
            losses = source.losses(plan.reference, inputs)
            report = dataclasses.replace(report, rounded=source.weights, rounding_loss=losses)
    return dataclasses.replace(report, cut=cut.notes)


def _check_options(quantization: Quantization, steps: int | None, batch: int, sample: Any) -> None:
    if quantization.needs_sample and sample is None:
        raise ConversionError(
            f"Expected `sample` with quantize={quantization.name!r}, received None: give a "
            "sequence of real inputs, long enough to show the range of every activation."
        )
    if steps is not None and steps < 1:
        raise ConversionError(f"Expected `steps` to be at least 1, received {steps}.")
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise ConversionError(f"Expected `batch` to be an int of at least 1, received {batch!r}.")


def _for_ranges(given: dict[str, Any] | None, step: StepModel, forms: list[Form]) -> dict[str, Any]:
    """The caller's sequences, which start again where a call takes more steps than they have."""
    if given is None:
        return {}
    time = step.time_of(given)
    if not step.form.has_states:  # every window of a longer sequence shows ranges
        steps = step.form.steps or 1
        # A result that each window gives once shows its range in many of them only.
        count = max(math.ceil(time / steps) * _count(given), _WINDOWS_FOR_RANGES)
        return windows_of(given, step.lengths(steps), count)
    return of_length(given, step.lengths(max([time, *(form.steps or 1 for form in forms)])))


def _count(given: dict[str, Any]) -> int:
    return len(next(iter(given.values())))
