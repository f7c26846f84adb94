"""Runs a file with an encoder and a decoder."""

import json
import os
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from lrkeras.export.runtime.beam_search import Hypothesis, beam_search
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.runtime.taken_numbers import check_states
from lrkeras.export.tflite.file_header import FileHeader
from lrkeras.export.tflite.metadata_entry import METADATA_NAME
from lrkeras.system.shortened import shortened

ENCODE, DECODE = "encode", "decode"

_States = dict[str, np.ndarray]


class Seq2SeqRunner:
    """Encodes a source, and decodes from it one target step at a time.

    What `encode` gives under the name of an input of `decode` goes in there: a state in the first
    step only, anything else, such as the encoder's outputs, in every step. A state that `encode`
    does not give starts from zeros. One sequence at a time; not for several threads at once.

    Args:
        path: A .tflite file with the signatures `encode` and `decode`.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK takes the operators it knows.

    Attributes:
        source_names, target_names, output_names, state_names: In the order of the signatures.
        metadata: The JSON entry `lrkeras` of the file; empty if it has none.
        states: The states of the decoder by name, to keep and to put back.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it lacks a signature.

    Example:
        >>> runner = Seq2SeqRunner("translator.tflite")  # doctest: +SKIP
        >>> runner.greedy([5, 9, 4], start=1, end=2, max_steps=20)  # doctest: +SKIP
        [8, 3, 11]
        >>> best, *others = runner.beam_search([5, 9, 4], 1, 2, width=4)  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike, num_threads: int = 1, use_xnnpack: bool = True):
        interpreter = open_interpreter(path, num_threads, use_xnnpack)
        header = FileHeader(path)
        if not {ENCODE, DECODE} <= set(header.graphs):
            raise ValueError(
                f"Expected a file with the signatures {ENCODE!r} and {DECODE!r}, received "
                f"{os.fspath(path)!r} with {shortened(sorted(header.graphs))}. Convert the "
                "training model with form='seq2seq'."
            )
        self._encode = SignatureRunner(interpreter, ENCODE, header.graphs[ENCODE])
        self._decode = SignatureRunner(interpreter, DECODE, header.graphs[DECODE])
        self.metadata: dict[str, Any] = json.loads(header.metadata(METADATA_NAME) or "{}")
        self._about = self.metadata.get("seq2seq", {})
        given = self._encode.output_names
        self.source_names = self._encode.input_names
        self.target_names = [n for n in self._decode.input_names if n not in given]
        self.output_names = self._decode.output_names
        self.state_names = self._decode.state_names
        self._turn = threading.Lock()
        self._memory: _States = {}
        self._is_encoded = False
        self.states: _States = {}

    def encode(self, source: Any) -> dict[str, np.ndarray]:
        """Runs the encoder, and takes the decoder back to the first target step.

        Args:
            source: Ids (time,), numbers (time, features), or whatever else the source is, with or
                without a first axis of one; a dict by input name, if there are several. A sequence
                that is shorter than the file's is padded at its end, if the model has a mask.

        Returns:
            What the encoder gave, by name.

        Raises:
            ValueError: If names or shapes do not fit, the source is too long, or the states that
                come out are not finite. What was encoded before stays.
        """
        named = source if isinstance(source, Mapping) else {self.source_names[0]: source}
        _check_names(named, self.source_names, "the source")
        feed = {name: self._padded(name, value) for name, value in named.items()}
        with self._turn:
            given, _ = self._encode(feed, {})
        zeros = self._decode.zero_states()
        states = {name: given.get(name, zero) for name, zero in zeros.items()}
        check_states(states)
        self._memory = {n: given[n] for n in self._decode.input_names if n in given}
        self.states = states
        self._is_encoded = True
        return given

    def decode(self, token: Any) -> Any:
        """Runs one target step, and keeps the new states.

        Args:
            token: An id, or the input of the step in the file's shape (leading axes of length one
                may be left out), or a dict by input name. An id of a model that takes one-hot
                vectors becomes one.

        Returns:
            The output, (1, 1, tokens), or a dict of outputs by name if there are several.

        Raises:
            ValueError: If nothing was encoded yet, or names or shapes do not fit.
        """
        outputs, self.states = self._step(token, self.states)
        return outputs[self.output_names[0]] if len(outputs) == 1 else outputs

    def greedy(self, source: Any, start: int, end: int, max_steps: int = 100) -> list[int]:
        """The sequence of the likeliest next tokens.

        Args:
            source: As `encode` takes it.
            start: The id that begins a target.
            end: The id that ends one; it is not among the results.
            max_steps: Steps after which the sequence ends anyway.

        Raises:
            ValueError: As `encode` does, or if the target is no token.
        """
        self.encode(source)
        tokens, token = [], start
        for _ in range(_at_least_one("max_steps", max_steps)):
            outputs, self.states = self._step(token, self.states)
            token = int(np.argmax(self._scores(outputs)))
            if token == end:
                break
            tokens.append(token)
        return tokens

    def beam_search(
        self,
        source: Any,
        start: int,
        end: int,
        width: int = 4,
        max_steps: int = 100,
        length_penalty: float = 0.0,
    ) -> list[Hypothesis]:
        """The likeliest sequences, as far as they begin likely.

        Args:
            source: As `encode` takes it.
            start: The id that begins a target.
            end: The id that ends one.
            width: How many sequences go on from step to step; 1 is `greedy`.
            max_steps: The longest sequence, with its end.
            length_penalty: The power of a sequence's length that its log-probability is divided
                by, from 0; the larger, the longer the results.

        Returns:
            Up to `width` hypotheses with `tokens` and `score`, the best first.

        Raises:
            ValueError: As `greedy` does.
        """
        self.encode(source)
        if length_penalty < 0:
            raise ValueError(f"Expected `length_penalty` from 0, received {length_penalty}.")

        def advance(token: int, states: _States) -> tuple[np.ndarray, _States]:
            outputs, states = self._step(token, states)
            return self._log_probabilities(outputs), states

        return beam_search(
            advance,
            self.states,
            start,
            end,
            _at_least_one("width", width),
            _at_least_one("max_steps", max_steps),
            length_penalty,
        )

    def _step(self, token: Any, states: _States) -> tuple[dict[str, np.ndarray], _States]:
        if not self._is_encoded:
            raise ValueError("Expected a source before the first target step: call `encode`.")
        named = token if isinstance(token, Mapping) else {self.target_names[0]: token}
        _check_names(named, self.target_names, "the target step")
        feed = {name: self._one_hot(name, value) for name, value in named.items()}
        with self._turn:
            outputs, states = self._decode({**feed, **self._memory}, states)
        check_states(states)
        return outputs, states

    def _one_hot(self, name: str, value: Any) -> Any:
        """The vector for an id, where the file takes vectors."""
        detail, shape = self._decode.input_details[name], self._decode.input_shapes[name]
        takes_ids = np.issubdtype(detail["dtype"], np.integer)
        if np.ndim(value) or takes_ids or int(np.prod(shape)) == 1:
            return value
        width = shape[-1]
        if int(value) != value or not 0 <= value < width:
            raise ValueError(
                f"Expected an id from 0 to {width - 1} for {name!r}, received {value}."
            )
        return np.eye(width, dtype=np.float32)[int(value)].reshape(shape)

    def _scores(self, outputs: dict[str, np.ndarray]) -> np.ndarray:
        """The scores of the tokens, (tokens,): those of the first output."""
        scores = outputs[self.output_names[0]]
        if scores.size != scores.shape[-1] or scores.size < 2:
            raise ValueError(
                "Expected scores of tokens in an output of shape (1, 1, tokens), received "
                f"{self.output_names[0]!r} of shape {scores.shape}: call `decode` step by step."
            )
        return scores.reshape(-1)

    def _log_probabilities(self, outputs: dict[str, np.ndarray]) -> np.ndarray:
        scores = self._scores(outputs).astype(np.float64)
        kind = self._about.get("scores", {}).get(self.output_names[0], "logits")
        if kind == "log_probabilities":
            return scores
        if kind == "probabilities":
            with np.errstate(divide="ignore"):
                return np.log(np.maximum(scores, 0.0))
        above = scores - scores.max()
        return above - np.log(np.exp(above).sum())

    def _padded(self, name: str, value: Any) -> np.ndarray:
        """A source in the file's shape."""
        value, shape = np.asarray(value), self._encode.input_shapes[name]
        if value.ndim == len(shape) - 1:
            value = value[None]
        if value.ndim != len(shape) or (*value.shape[:1], *value.shape[2:]) != (1, *shape[2:]):
            raise ValueError(
                f"Expected the source {name!r} of shape {shape}, or shorter, received "
                f"{value.shape}."
            )
        missing = shape[1] - value.shape[1]
        if missing < 0:
            raise ValueError(
                f"Expected the source {name!r} of up to {shape[1]} steps, received "
                f"{value.shape[1]}. Cut it, or convert the model with a larger `steps`."
            )
        padding = self._about.get("padding", {}).get(name)
        if missing and padding is None:
            raise ValueError(
                f"Expected the source {name!r} of {shape[1]} steps, received {value.shape[1]}: the "
                "model has no mask for what is padded. Pad it as in training."
            )
        if not missing:
            return value
        rest = np.full((1, missing, *shape[2:]), padding, value.dtype)
        return np.concatenate([value, rest], axis=1)


def _check_names(named: Mapping[str, Any], expected: list[str], what: str) -> None:
    if set(named) != set(expected):
        raise ValueError(
            f"Expected the inputs {sorted(expected)} of {what}, received {sorted(named)}."
        )


def _at_least_one(name: str, value: int) -> int:
    if value < 1:
        raise ValueError(f"Expected `{name}` from 1, received {value}.")
    return value
