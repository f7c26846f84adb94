"""Compares a converted file with the Keras model that it was made from."""

import logging
import os
from collections.abc import Sequence

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.form import Form
from lrkeras.export.parity.file_runs import Values, run_file
from lrkeras.export.parity.keras_runs import run_model, run_steps
from lrkeras.export.parity.parity_error import ParityError
from lrkeras.export.parity_limits import ParityLimits
from lrkeras.export.quantization import Quantization
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.steps.step_model import StepModel

# (threads, XNNPACK) of the runs: each combination uses other kernels. The first is how most files
# run, and judges how much was lost; the others find kernels that are wrong.
RUNS = ((1, True), (2, True), (1, False), (2, False))
# Sequences of the runs but the first.
SEQUENCES = 64
# Steps that Keras takes one at a time, for the states: ten times slower than a whole sequence.
SINGLE_STEPS = 12

_log = logging.getLogger(__name__)


def check_parity(
    path: str | os.PathLike,
    model: keras.Model,
    step: StepModel,
    inputs: dict[str, np.ndarray],
    quantization: Quantization,
    forms: Sequence[Form] = (Form(),),
    made_up: bool = True,
) -> list[ParityError]:
    """Runs every signature of a file over sequences and compares it with Keras.

    Outputs are compared with those of the whole model over all sequences; states, and outputs
    once more, with those of the Keras model of one step over the first steps.

    Args:
        path: The file.
        model: The user's model.
        step: The model of one step; where the file has none with states, that of the sequence.
        inputs: By name, (sequences, time, ...), long enough for every form.
        quantization: How the file was rounded, which says how far it may be from Keras.
        forms: The signatures, in the order of the file's graphs.
        made_up: Whether the sequences are random, rather than the caller's.

    Returns:
        For each tensor of each signature the comparison that came closest to its limits.

    Raises:
        ConversionError: If one is above a limit, or not a number.
    """
    references = [run_model(model, step, inputs)]
    if step.form.has_states:
        chunks = [2 * one.steps for one in forms if one.kind == "chunk" and one.steps]
        time = step.time_of(inputs)
        references.append(run_steps(step, inputs, min(max([SINGLE_STEPS, *chunks]), time)))
    check_finite(references)
    wanted = {
        name: {step for reference in references for step in reference.get(name, {})}
        for name in [*step.output_names, *step.state_names]
    }
    found: list[ParityError] = []
    for number, (threads, xnnpack) in enumerate(RUNS):
        run = f"{threads} thread{'s' * (threads > 1)}, {'' if xnnpack else 'no '}XNNPACK"
        given = _first(inputs, SEQUENCES) if number else inputs
        interpreter = open_interpreter(path, threads, xnnpack, is_checked=True)
        for index, form in enumerate(forms):
            runner = SignatureRunner(interpreter, form.name, index)
            actual = run_file(runner, given, wanted, step.time_axes())
            names = [*step.output_names, *(step.state_names if form.has_states else [])]
            for name in names:
                labels = {"tensor": name, "signature": form.name, "run": run}
                of_name = [reference.get(name, {}) for reference in references]
                found += _compared(actual[name], of_name, number == 0, labels)
    return judged(found, quantization, made_up)


def _first(inputs: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    return {name: value[:count] for name, value in inputs.items()}


def _compared(
    actual: dict[int, np.ndarray],
    references: list[dict[int, np.ndarray]],
    is_first: bool,
    labels: dict[str, str],
) -> list[ParityError]:
    """The errors of a tensor against each reference: whole sequences, then single steps."""
    errors = []
    for number, reference in enumerate(references):
        steps = sorted(actual.keys() & reference.keys())
        if not steps:
            continue
        expected = np.stack([reference[step] for step in steps])
        found = np.stack([actual[step] for step in steps])
        # Of both, the sequences that both ran.
        count = min(expected.shape[1], found.shape[1])
        expected = expected[:, :count]
        found = found[:, :count].reshape(expected.shape)
        whole = number == 0
        errors.append(ParityError.of(found, expected, steps, whole, whole and is_first, **labels))
    if not errors:
        raise ConversionError(
            "Expected sequences that last to the end of a call of `{signature}`, received shorter "
            "ones: `{tensor}` cannot be compared.".format(**labels)
        )
    return errors


def check_finite(references: Sequence[Values]) -> None:
    """Checks that what Keras gave are finite numbers.

    Raises:
        ConversionError: If some are not.
    """
    for reference in references:
        for name, values in reference.items():
            if not all(np.isfinite(value).all() for value in values.values()):
                raise ConversionError(
                    f"Expected finite numbers of the Keras model, received NaN or infinite ones in "
                    f"`{name}` on the inputs of the comparison. Pass real inputs as `sample` if "
                    "these were made up, or a smaller `steps`."
                )


def judged(
    errors: list[ParityError], quantization: Quantization, made_up: bool
) -> list[ParityError]:
    """The worst error of each tensor of each signature, none above a limit.

    Args:
        errors: All of them.
        quantization: How the file was rounded.
        made_up: Whether the inputs are random, rather than the caller's.

    Raises:
        ConversionError: If one is above a limit.
    """
    limits = quantization.limits
    by_tensor: dict[tuple[str, str], list[ParityError]] = {}
    for found in errors:
        by_tensor.setdefault((found.signature, found.tensor), []).append(found)
    kept = [ParityError.worst_of(of_one, limits) for of_one in by_tensor.values()]
    _log.debug("compared with Keras", extra={"parity": kept, "quantization": quantization})
    worst = max(kept, key=lambda found: found.excess(limits))
    if not worst.excess(limits) <= 1:
        raise ConversionError(_refusal(worst, limits, made_up))
    return kept


def _refusal(found: ParityError, limits: ParityLimits, made_up: bool) -> str:
    name, value, limit = found.worst(limits)
    where = f"`{found.tensor}` of the signature `{found.signature}` ({found.run})"
    said = {
        "relative": f"an error of {value:.3g} of the values' norm, where {limit:g} is allowed,",
        "lasting": f"an entry with a lasting error of {value:.3g} of the largest value, where "
        f"{limit:g} is allowed,",
        "flips": f"another largest entry than Keras in {value:.1%} of {found.rows} results, where "
        f"{limit:.0%} are allowed,",
    }[name]
    advice = "Try a finer `quantize`, or report the model."
    if made_up:
        advice = (
            "The inputs were made up, and a trained model may amplify rounding on what it never "
            f"saw: pass real ones as `sample`. {advice}"
        )
    return (
        f"Expected the converted file to agree with Keras, received {said} in {where}; the largest "
        f"single error is {found.error:.3g} of the largest value, at step {found.step}. No file "
        f"was written. {advice}"
    )
