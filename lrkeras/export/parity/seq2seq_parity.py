"""Compares a file of encoder and decoder with the training model that it was made from."""

import os
from typing import Any

import keras
import numpy as np

from lrkeras.export.parity.check_parity import (
    RUNS,
    SEQUENCES,
    SINGLE_STEPS,
    check_finite,
    judged,
)
from lrkeras.export.parity.file_runs import Values
from lrkeras.export.parity.keras_runs import outputs_of
from lrkeras.export.parity.parity_error import ParityError
from lrkeras.export.quantization import Quantization
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.steps.step_model import StepModel
from lrkeras.model_graph.encoder_decoder import EncoderDecoder

_ENCODE, _DECODE = "encode", "decode"


class Seq2SeqParity:
    """What Keras gives for some sources and their targets, and how far a file is from that.

    Outputs of `decode`, called step by step from what `encode` gave, are compared with those of
    the training model over whole targets; outputs of `encode` with those of the encoder, and states
    with those of the Keras model of one step over the first steps of the first target.

    Args:
        model: The training model.
        parts: The same in two parts.
        encode: The step model of the encoder.
        decode: That of the decoder.
        inputs: Arrays (n, ...) by input name of the training model.
    """

    def __init__(
        self,
        model: keras.Model,
        parts: EncoderDecoder,
        encode: StepModel,
        decode: StepModel,
        inputs: dict[str, np.ndarray],
    ):
        self._model = model
        self._parts = parts
        self._encode = encode
        self._decode = decode
        renamed = zip(parts.source_names, encode.input_names, strict=True)
        self._sources = {new: inputs[old] for old, new in renamed}
        renamed = zip(parts.target_names, decode.input_names, strict=False)
        self._targets = {new: inputs[old] for old, new in renamed}
        self._inputs = inputs
        self._steps = next(iter(self._targets.values())).shape[1]

    def check(
        self, path: str | os.PathLike, quantization: Quantization, made_up: bool
    ) -> list[ParityError]:
        """Runs a file on one and two threads, with and without XNNPACK.

        Returns:
            For each tensor of each signature the comparison that came closest to its limits.

        Raises:
            ConversionError: If one is above a limit, or not a number.
        """
        encoded = self._encoded()
        outputs = self._outputs(self._model)
        states = self._states(encoded)
        check_finite([encoded, outputs, states])
        found = []
        for number, (threads, xnnpack) in enumerate(RUNS):
            run = f"{threads} thread{'s' * (threads > 1)}, {'' if xnnpack else 'no '}XNNPACK"
            interpreter = open_interpreter(path, threads, xnnpack, is_checked=True)
            first, then = self._run(interpreter, SEQUENCES if number else None)
            for name in first:
                labels = dict(tensor=name, signature=_ENCODE, run=run)
                found.append(_error(first[name], encoded[name], True, False, labels))
            for name in self._decode.output_names:
                labels = dict(tensor=name, signature=_DECODE, run=run)
                found.append(_error(then[name], outputs[name], True, number == 0, labels))
            for name in self._decode.state_names:
                labels = dict(tensor=name, signature=_DECODE, run=run)
                found.append(_error(then[name], states[name], False, False, labels))
        return judged(found, quantization, made_up)

    def losses(self, unrounded: keras.Model | None) -> list[ParityError]:
        """How far the outputs of the rounded training model are from those before rounding."""
        if unrounded is None:
            return []
        found, expected = self._outputs(self._model), self._outputs(unrounded)
        return [
            _error(found[name], expected[name], True, True, dict(tensor=name, signature="", run=""))
            for name in expected
        ]

    def _encoded(self) -> Values:
        """What the encoder gives, by the names in the file, as its step 0."""
        results = outputs_of(self._parts.encoder, list(self._sources.values()))
        return {n: {0: r} for n, r in zip(self._encode.output_names, results, strict=True)}

    def _outputs(self, model: keras.Model) -> Values:
        """The outputs of a training model for whole targets."""
        results = outputs_of(model, [self._inputs[t.name] for t in self._parts.model.inputs])
        values: Values = {}
        for place, name in zip(self._parts.outputs, self._decode.output_names, strict=True):
            made = self._decode.model.outputs[self._parts.outputs.index(place)]
            array = results[place]
            if len(made.shape) == array.ndim > 2 and array.shape[1] == self._steps:
                values[name] = {t: array[:, t] for t in range(self._steps)}
            else:
                values[name] = {self._steps - 1: array}
        return values

    def _states(self, encoded: Values) -> Values:
        """The states after each of the first steps of the first target, by Keras."""
        names = self._decode.state_names
        states = self._decode.zero_states()
        for place, name in enumerate(names):
            if name in encoded:
                states[place] = encoded[name][0][:1]
        values: Values = {name: {} for name in names}
        count = len(self._decode.output_names)
        for t in range(min(SINGLE_STEPS, self._steps)):
            given = {name: values[0][:1] for name, values in encoded.items()}
            given.update({n: v[:1, t : t + 1] for n, v in self._targets.items()})
            feed = [given[name] for name in self._decode.input_names]
            results = keras.tree.flatten(self._decode.model([*feed, *states], training=False))
            states = [keras.ops.convert_to_numpy(result) for result in results[count:]]
            for name, state in zip(names, states, strict=True):
                values[name][t] = state
        return values

    def _run(self, interpreter: Any, most: int | None) -> tuple[Values, Values]:
        """What a file gives: of `encode`, and of `decode` step by step."""
        encode = SignatureRunner(interpreter, _ENCODE)
        decode = SignatureRunner(interpreter, _DECODE, 0)
        first: dict[str, list[np.ndarray]] = {name: [] for name in encode.output_names}
        then: list[list[dict[str, np.ndarray]]] = []
        count = len(next(iter(self._sources.values())))
        for row in range(min(count, most or count)):
            given, _ = encode({n: v[row : row + 1] for n, v in self._sources.items()}, {})
            for name, value in given.items():
                first[name].append(value)
            memory = {name: given[name] for name in decode.input_names if name in given}
            states = decode.zero_states()
            states.update({name: given[name] for name in states if name in given})
            then.append([])
            for t in range(self._steps):
                step = {n: v[row : row + 1, t : t + 1] for n, v in self._targets.items()}
                outputs, states = decode({**step, **memory}, states)
                then[-1].append({**outputs, **states})
        steps = range(self._steps)
        names = [*decode.output_names, *decode.state_names]
        return (
            {name: {0: np.concatenate(values)} for name, values in first.items()},
            {n: {t: np.concatenate([row[t][n] for row in then]) for t in steps} for n in names},
        )


def _error(
    found: dict[int, np.ndarray],
    expected: dict[int, np.ndarray],
    whole: bool,
    choices: bool,
    labels: dict[str, str],
) -> ParityError:
    """The error of a tensor at the steps and for the sources that both have."""
    steps = sorted(expected)
    right = np.stack([expected[t] for t in steps])
    values = np.stack([found[t] for t in steps])
    count = min(right.shape[1], values.shape[1])
    right = right[:, :count].astype(np.float32)
    values = values[:, :count].reshape(right.shape)
    return ParityError.of(values, right, steps, whole, choices, **labels)
