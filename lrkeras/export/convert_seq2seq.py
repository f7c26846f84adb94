"""From a training model of encoder and decoder to one file with a signature for each."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from lrkeras.export.check_draft import check_draft
from lrkeras.export.check_model import check_convertible
from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_failure import draft_of, told_plainly
from lrkeras.export.conversion_report import ConversionReport
from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.file_entry import file_entry
from lrkeras.export.lowering.tensorflow_lowering import lower
from lrkeras.export.parity.seq2seq_inputs import seq2seq_inputs
from lrkeras.export.parity.seq2seq_parity import Seq2SeqParity
from lrkeras.export.passes.float_edits import FLOAT_EDITS
from lrkeras.export.quantization import Quantization
from lrkeras.export.rounded_source import RoundedSource
from lrkeras.export.seq2seq_plan import Seq2SeqPlan
from lrkeras.export.tflite.metadata_entry import METADATA_NAME
from lrkeras.export.tflite.runtime_version import TargetRuntime, set_minimum_runtime
from lrkeras.model_graph.padding import padding_of
from lrkeras.model_graph.score_kinds import score_kinds


def convert_seq2seq(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    quantize: str | Quantization | None = None,
    runtime: str = "latest",
    metadata: Mapping[str, Any] | None = None,
    sample: Mapping[str, Any] | None = None,
    steps: int | None = None,
    seed: int = 0,
    decoder_inputs: Sequence[str] | None = None,
) -> ConversionReport:
    """Converts a training model of sequence to sequence; what `convert(form="seq2seq")` does.

    Args:
        model: A Functional model with inputs of the source and of the target steps.
        path: The file to write.
        quantize: How it is rounded, as for `convert`.
        runtime: The oldest runtime that must read it.
        metadata: More to keep in the file.
        sample: Inputs to compare on, (n, ...) by input name; None to make some up.
        steps: Length of the source, where the model leaves it open.
        seed: Of the inputs made up.
        decoder_inputs: Names of the inputs of target steps; None to find them.

    Raises:
        ConversionError: If an option is unknown, the model cannot be converted, or the file differs
            from Keras. No file is left in that case, and an existing one stays as it is.
    """
    quantization = Quantization.get(quantize)
    target = TargetRuntime.get(runtime)
    _check_options(quantization, steps)
    check_convertible(model)
    with draft_of(path) as draft, told_plainly(model.name):
        source = RoundedSource.of(model, quantization)
        plan = Seq2SeqPlan(source, decoder_inputs, steps, quantization)
        with plan.traced():
            inputs = seq2seq_inputs(plan.parts, plan.encode, plan.decode, sample, seed)
            rows = plan.rows()
            file = lower(plan.models)
        context = plan.pass_context(target.per_channel, {})
        for edit in (*FLOAT_EDITS, *quantization.passes):
            edit(file, context)
        set_minimum_runtime(file)
        entry = file_entry(plan.models, quantization, rows, {**_about(plan), **(metadata or {})})
        file.set_metadata(METADATA_NAME, entry, deflate=True)
        file.drop_unused()
        draft.write_bytes(file.to_bytes())
        check_draft(file, draft)
        parity = Seq2SeqParity(source.model, plan.parts, plan.encode, plan.decode, inputs)
        errors = parity.check(draft, quantization, made_up=sample is None)
        report = ConversionReport.of(
            path,
            file,
            plan.models,
            quantization,
            target,
            rows,
            errors,
            dataclasses.replace(DelegateReport.of(draft), path=os.fspath(path)),
        )
        report = dataclasses.replace(report, form="seq2seq")
        if source.bits is not None:
            losses = parity.losses(source.unrounded)
            report = dataclasses.replace(report, rounded=source.weights, rounding_loss=losses)
    return report


def _check_options(quantization: Quantization, steps: int | None) -> None:
    if quantization.needs_sample:
        raise ConversionError(
            "Expected quantize=None, 'float16', 'int8' or 'int4' with form='seq2seq', received "
            f"{quantization.name!r}. Use 'int8'."
        )
    if steps is not None and steps < 1:
        raise ConversionError(f"Expected `steps` to be at least 1, received {steps}.")


def _about(plan: Seq2SeqPlan) -> dict[str, Any]:
    kinds = score_kinds(plan.parts.decoder)
    return {
        "form": "seq2seq",
        "seq2seq": {
            "sources": plan.encode.input_names,
            "targets": plan.decode.input_names[: len(plan.parts.target_names)],
            "memory": plan.memory_names(),
            "padding": dict(
                zip(plan.encode.input_names, padding_of(plan.parts.encoder), strict=True)
            ),
            "scores": dict(zip(plan.decode.output_names, kinds, strict=False)),
        },
    }
