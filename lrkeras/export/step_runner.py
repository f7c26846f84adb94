"""Runs a file one time step at a time, or a sequence of them."""

import json
import os
from typing import Any

import numpy as np

from lrkeras.export.interpreters import open_interpreter
from lrkeras.export.model_file import ModelFile
from lrkeras.export.signature_runner import SignatureRunner

METADATA_NAME = "lrkeras"
SIGNATURE = "step"
_CHUNK = "chunk_"


class StepRunner:
    """Feeds a step file and carries its states from one step to the next.

    A state is a tensor that the signature `step` has under the same name as an input and as an
    output; nothing else about the file needs to be known. Where the file also has signatures
    `chunk_N`, `run` uses them for as much of a sequence as they fit.

    Args:
        path: A .tflite file with the signature `step`.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK takes the operators it knows.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it has no signature `step`.

    Example:
        >>> runner = StepRunner("model.tflite")  # doctest: +SKIP
        >>> runner.step(np.array([[7]], "int32")).shape  # doctest: +SKIP
        (1, 1, 10000)
    """

    def __init__(self, path: str | os.PathLike, num_threads: int = 1, use_xnnpack: bool = True):
        self._interpreter = open_interpreter(path, num_threads, use_xnnpack)
        signatures = self._interpreter.get_signature_list()
        if SIGNATURE not in signatures:
            raise ValueError(
                f"Expected a file with the signature {SIGNATURE!r}, received {os.fspath(path)!r} "
                f"with {sorted(signatures)}. Convert the model with form='step'."
            )
        self._step = SignatureRunner(self._interpreter, SIGNATURE)
        chunks = [name for name in signatures if name.startswith(_CHUNK)]
        self._chunks = self._usable([SignatureRunner(self._interpreter, n) for n in chunks])
        self.state_names = self._step.state_names
        self.input_names = self._step.input_names
        self.output_names = self._step.output_names
        self.metadata = read_metadata(path)
        self.states: dict[str, np.ndarray] = {}
        self.reset()

    @property
    def chunk_steps(self) -> list[int]:
        """Steps of the chunks that `run` uses, the longest first."""
        return [chunk.steps for chunk in self._chunks]

    def reset(self) -> None:
        """Sets every state to zeros, as at the start of a sequence."""
        self.states = self._step.zero_states()

    def step(self, x: Any) -> Any:
        """Runs one time step and keeps the new states.

        Args:
            x: The input of the step, an array of the file's shape (leading axes of length one may
                be left out), or a dict of arrays by input name.

        Returns:
            The output, or a dict of outputs by name if there are several.

        Raises:
            ValueError: If names or shapes are not those of the file.
        """
        return self._single(self._advance(self._step, self._named(x)))

    def run(self, sequence: Any) -> Any:
        """Runs a sequence from the states as they are; call `reset` for a fresh start.

        Args:
            sequence: Array (time, ...) of the inputs of each step, or (1, time, ...) as Keras
                takes it, or a dict of such arrays by input name.

        Returns:
            The outputs of every step, (1, time, ...), or a dict of them.
        """
        named = {name: self._steps(name, value) for name, value in self._named(sequence).items()}
        lengths = {len(value) for value in named.values()}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(f"Expected inputs of one length above zero, received {lengths}.")
        length, at = lengths.pop(), 0
        parts: list[dict[str, np.ndarray]] = []
        for part in [*self._chunks, self._step]:
            while length - at >= part.steps:
                feed = {name: value[at : at + part.steps] for name, value in named.items()}
                if part.steps == 1:
                    feed = {name: value[0] for name, value in feed.items()}
                parts.append(self._advance(part, feed))
                at += part.steps
        return self._single({n: _joined([part[n] for part in parts]) for n in self.output_names})

    def _usable(self, chunks: list[SignatureRunner]) -> list[SignatureRunner]:
        """Chunks that have what steps have: an output of the last step only would leave gaps."""
        longest_first = sorted(chunks, key=lambda chunk: -chunk.steps)
        return [
            chunk
            for chunk in longest_first
            if all(
                chunk.has_time_axis(name) == (len(self._step.output_shapes[name]) > 2)
                and len(self._step.output_shapes[name]) > 2
                for name in self._step.output_names
            )
        ]

    def _advance(self, part: SignatureRunner, named: dict[str, Any]) -> dict[str, np.ndarray]:
        feed = {name: _fit(part, name, value) for name, value in named.items()}
        outputs, self.states = part(feed, self.states)
        return outputs

    def _single(self, outputs: dict[str, np.ndarray]) -> Any:
        return outputs[self.output_names[0]] if len(outputs) == 1 else outputs

    def _named(self, x: Any) -> dict[str, Any]:
        named = x if isinstance(x, dict) else {self.input_names[0]: x}
        if set(named) != set(self.input_names):
            raise ValueError(
                f"Expected the inputs {sorted(self.input_names)}, received {sorted(named)}."
            )
        return named

    def _steps(self, name: str, value: Any) -> np.ndarray:
        value = np.asarray(value)
        rank = len(self._step.input_details[name]["shape"])
        return value[0] if value.ndim == rank and len(value) == 1 else value


def read_metadata(path: str | os.PathLike) -> dict[str, Any]:
    """The JSON entry `lrkeras` of a file; empty if it has none."""
    with open(path, "rb") as stream:
        entry = ModelFile(stream.read()).metadata(METADATA_NAME)
    return {} if entry is None else json.loads(entry)


def _fit(part: SignatureRunner, name: str, value: Any) -> np.ndarray:
    value = np.asarray(value)
    shape = tuple(int(size) for size in part.input_details[name]["shape"])
    if value.size != np.prod(shape) or value.ndim > len(shape):
        what = "one step" if part.steps == 1 else f"{part.steps} steps"
        raise ValueError(
            f"Expected the input {name!r} of {what} in shape {shape}, received {value.shape}."
        )
    return value


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Outputs (1, steps, ...), or (1, ...) of single steps, as (1, time, ...)."""
    first = parts[0]
    if first.ndim > 2:
        return np.concatenate(parts, axis=1)
    return np.stack(parts, axis=1)
